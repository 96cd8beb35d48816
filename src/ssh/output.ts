import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { unframer } from './unframe.ts';
import type { Unframed } from './unframe.ts';

/** More than this from one script is a script gone wrong; it is killed. */
const limitBytes = 64 * 1024 * 1024;

export type Output = {
  /** Resolves when the end marker was seen, the stream ended, or too much came. */
  readonly done: Promise<void>;
  readonly state: () => Unframed & { readonly tooMuch: boolean };
};

/** Reads one framed output to its end marker, telling each line of the payload to `onLine`. */
export function readOutput(stream: Readable, marker: string, onLine?: (line: string) => void): Output {
  const frame = unframer(marker);
  const lines = onLine && lineSplitter(onLine);
  let bytes = 0;
  const done = new Promise<void>((resolve) => {
    stream.on('data', (chunk: Buffer) => {
      const payload = frame.push(chunk);
      bytes += payload.length;
      lines?.push(payload);
      if (bytes > limitBytes || frame.code() !== undefined) resolve();
    });
    stream.once('end', resolve);
    stream.once('close', resolve);
    stream.once('error', () => resolve());
  }).then(() => lines?.end());
  return { done, state: () => ({ ...frame.state(), tooMuch: bytes > limitBytes }) };
}

function lineSplitter(onLine: (line: string) => void): { push(chunk: Buffer): void; end(): void } {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  return {
    push(chunk) {
      const lines = (rest + decoder.write(chunk)).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) onLine(line);
    },
    end() {
      rest += decoder.end();
      if (rest !== '') onLine(rest);
    },
  };
}
