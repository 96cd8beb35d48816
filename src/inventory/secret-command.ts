import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Readable } from 'node:stream';
import { formatBytes } from '../base/bytes.ts';
import { harmless } from '../base/harmless.ts';

/** Shows text as it comes; a question ends without a line end. */
export type Show = (text: string) => void;

type CommandRequest = {
  readonly command: readonly string[];
  readonly cwd: string;
  /** The most that it may print on stdout, and the most that is shown of its stderr, in bytes. */
  readonly most: number;
  /** Where its stderr goes; undefined: nowhere. */
  readonly show: Show | undefined;
};

/**
 * Runs a command that prints a secret, without a shell. It inherits stdin, so that it can ask for a
 * passphrase of its own; its questions and errors are passed on as they come, without what would act on the
 * terminal. Resolves to its stdout and its exit code or signal. Throws where it cannot be run or prints too
 * much.
 */
export async function runSecretCommand({ command, cwd, most, show }: CommandRequest): Promise<{
  readonly output: Buffer;
  readonly code: number | string;
}> {
  const [program = '', ...args] = command;
  const child = spawn(program, args, { cwd, stdio: ['inherit', 'pipe', 'pipe'] });
  const ended = new Promise<number | string>((done, fail) => {
    child.once('error', fail);
    child.once('exit', (code, signal) => done(code ?? signal ?? ''));
  });
  const told = passOn(child.stderr, most, show);
  const read = outputOf(child.stdout, most).catch((error: unknown) => {
    child.kill('SIGKILL');
    throw error;
  });
  try {
    const [output, code] = await Promise.all([read, ended]);
    return { output, code };
  } finally {
    // A process that it left behind (an agent, a shared SSH connection) may keep stderr open for hours.
    await Promise.race([told, sleep(lingerMs, undefined, { ref: false })]);
    child.stderr.destroy();
  }
}

/** ms that stderr may still take once the command has ended. */
const lingerMs = 500;

/** All that comes up to the end; throws when it is too much. */
async function outputOf(stdout: Readable, most: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stdout) {
    if (!Buffer.isBuffer(chunk)) continue;
    chunks.push(chunk);
    length += chunk.length;
    if (length > most) throw new Error(`it printed more than ${formatBytes(most)}`);
  }
  return Buffer.concat(chunks);
}

/**
 * Shows the first `most` bytes; the rest is read and dropped, so that the command does not wait for a reader.
 */
async function passOn(stderr: Readable, most: number, show: Show | undefined): Promise<void> {
  const decoder = new TextDecoder();
  let room = most;
  stderr.on('data', (chunk: Buffer) => {
    if (room <= 0) return;
    const text = decoder.decode(chunk.subarray(0, room), { stream: true });
    room -= chunk.length;
    show?.(harmless(text));
    if (room <= 0) show?.(`\n(it printed more than ${formatBytes(most)} on stderr)\n`);
  });
  await once(stderr, 'close').catch(() => undefined);
}
