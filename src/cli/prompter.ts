import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import type { Prompter } from '../operations/session.ts';

/** Asks on the terminal, questions on stderr so that stdout stays the result's. Without one: no answer. */
export function createPrompter(): Prompter {
  const interactive = process.stdin.isTTY === true && process.stderr.isTTY === true;
  return {
    interactive,
    ask: async (question, { secret = false } = {}) => (interactive ? askLine(question, secret) : undefined),
  };
}

function askLine(question: string, secret: boolean): Promise<string | undefined> {
  process.stderr.write(question);
  // readline echoes what is typed to its output: for a secret that output is nowhere.
  const output = secret ? new Writable({ write: (_chunk, _encoding, done) => done() }) : process.stderr;
  const lines = createInterface({ input: process.stdin, output, terminal: true });
  return new Promise((resolve) => {
    lines.once('line', (line) => {
      if (secret) process.stderr.write('\n');
      resolve(line);
      lines.close();
    });
    lines.once('close', () => resolve(undefined));
    // readline takes Ctrl-C for itself while it is in raw mode: hand it back to the process.
    lines.once('SIGINT', () => {
      lines.close();
      process.kill(process.pid, 'SIGINT');
    });
  });
}
