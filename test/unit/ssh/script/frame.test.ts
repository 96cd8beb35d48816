import { execFileSync } from 'node:child_process';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shQuote } from '../../../../src/base/sh.ts';
import { bootCommand, frameScript } from '../../../../src/ssh/script/frame.ts';
import { unframer } from '../../../../src/ssh/script/unframe.ts';

const marker = 'deadbeef';

/** Feeds text to an unframer in pieces of the given sizes. */
function feed(text: string, sizes: readonly number[]): ReturnType<typeof unframer> {
  const frame = unframer(marker);
  const bytes = Buffer.from(text);
  for (let at = 0, piece = 0; at < bytes.length; piece++) {
    const size = sizes[piece % sizes.length] ?? 1;
    frame.push(bytes.subarray(at, at + size));
    at += size;
  }
  return frame;
}

describe('unframing', () => {
  it('keeps nothing of what comes behind the end marker instead of a code', () => {
    const frame = feed(`${marker}\npayload${marker} ${'0'.repeat(100_000)}`, [1000]);
    expect(frame.state()).toMatchObject({ begun: true, code: 255 });
    expect(frame.state().payload.toString()).toBe('payload');
  });

  it('finds the payload and the code, however the bytes are cut', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.string({ unit: 'binary' }),
        fc.integer({ min: 0, max: 255 }),
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
        (noise, payload, code, sizes) => {
          const frame = feed(`${noise}${marker}\n${payload}${marker} ${code}\nafter`, sizes);
          expect(frame.state()).toMatchObject({ begun: true, code });
          expect(frame.state().payload.toString()).toBe(Buffer.from(payload).toString());
        },
      ),
    );
  });

  it('does not take a cut output for a whole one', () => {
    expect(feed(`${marker}\npayload`, [3]).state()).toMatchObject({ begun: true, code: undefined });
    expect(feed(`${marker}\npayload${marker} 1`, [3]).state()).toMatchObject({
      begun: true,
      code: undefined,
    });
    expect(feed('Password expired', [3]).state()).toMatchObject({ begun: false, noise: 'Password expired' });
  });

  it('keeps what almost is a marker', () => {
    const frame = feed(`${marker}\ndeadbee deadbeefx deadbeef\n${marker} 0\n`, [1]);
    expect(frame.state().payload.toString()).toBe('deadbee deadbeefx deadbeef\n');
  });
});

describe('framing', () => {
  it('has one constant command line that csh, fish and sh read alike', () => {
    expect(bootCommand).toMatch(/^exec \/bin\/sh -c '[^'!\\\n]*'$/);
    expect(bootCommand.length).toBeLessThan(200);
  });

  it('puts neither script nor data into the first line', () => {
    const { head } = frameScript('echo secret', 5, 1000);
    const [line] = head.toString().split('\n');
    expect(line).not.toContain('secret');
    expect(head.toString()).toMatch(/\necho secret$/);
  });

  it('quotes any word for sh', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0')),
        (word) => {
          expect(execFileSync('/bin/sh', ['-c', `printf %s ${shQuote(word)}`], { encoding: 'utf8' })).toBe(
            word,
          );
        },
      ),
      { numRuns: 50 },
    );
  });

  it.each(['dash', 'bash'])('runs under %s as /bin/sh', (shell) => {
    const frame = frameScript('cat; echo err >&2; exit 5', 4, 1000);
    const input = Buffer.concat([Buffer.from('left over\n'), frame.head, Buffer.from('data'), frame.trailer]);
    const boot = /'(.*)'/.exec(bootCommand)?.[1] ?? '';
    // The shell that ends stdin right away would be killed: keep it open until the end marker is there.
    const text = execFileSync('/bin/bash', ['-c', '(cat; sleep 1) | "$0" -c "$1"', shell, boot], {
      input,
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    const out = unframer(frame.marker);
    out.push(text);
    expect(out.state()).toMatchObject({ code: 5 });
    expect(out.state().payload.toString()).toBe('data');
  });
});
