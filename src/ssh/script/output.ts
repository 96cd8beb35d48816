import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { formatBytes } from '../../base/bytes.ts';
import { OperationError } from '../../base/errors.ts';
import { unframer } from './unframe.ts';
import type { Unframed } from './unframe.ts';

/** More than this from one script is a script gone wrong; it is killed. */
const limitBytes = 64 * 1024 * 1024;

/** The error for a host that sends without end; `what` it was asked for. */
export function tooMuch(host: string, what: string, limit: number): OperationError {
  return new OperationError(`${host} sent more than ${formatBytes(limit)} for ${what}; it was stopped`, {
    host,
    hints: [`Look at what the login and the shell of the SSH user print on ${host}.`],
  });
}

export type Output = {
  /** Resolves when the end marker was seen or the stream ended. */
  readonly done: Promise<void>;
  readonly state: () => Unframed;
  /** Resolves when more came than a script prints. */
  readonly full: Promise<OperationError>;
};

/** Reads one framed output to its end marker, telling each line of the payload to `onLine`. */
export function readOutput(
  stream: Readable,
  { marker, host }: { readonly marker: string; readonly host: string },
  onLine?: (line: string) => void,
): Output {
  const frame = unframer(marker);
  const lines = onLine && lineSplitter(onLine);
  let bytes = 0;
  let isFull: (error: OperationError) => void;
  const full = new Promise<OperationError>((resolve) => (isFull = resolve));
  const done = new Promise<void>((resolve) => {
    stream.on('data', (chunk: Buffer) => {
      if (bytes > limitBytes) return;
      const payload = frame.push(chunk);
      // Whatever comes counts: before the begin marker and behind the end marker as well.
      bytes += chunk.length;
      lines?.push(payload);
      if (bytes > limitBytes) isFull(tooMuch(host, 'a script', limitBytes));
      if (frame.code() !== undefined) resolve();
    });
    stream.once('end', resolve);
    stream.once('close', resolve);
    stream.once('error', () => resolve());
  }).then(() => lines?.end());
  return { done, state: frame.state, full };
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
