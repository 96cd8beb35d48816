import { createInterface } from 'node:readline';
import { InterruptedError } from '../base/errors.ts';
import { echoOf, printNote, printQuestion, terminalAt } from './output.ts';
import type { Prompter } from '../session/session.ts';

/**
 * Asks on the terminal, questions on stderr so that stdout stays the result's. Without a terminal, or when
 * the input ends: no answer. Throws InterruptedError when the signal is aborted, before or meanwhile.
 */
export function createPrompter(signal: AbortSignal): Prompter {
  const interactive = process.stdin.isTTY === true && terminalAt('stderr').isTerminal;
  return {
    interactive,
    show: printQuestion,
    ask: async (question, { secret = false } = {}) => {
      if (!interactive) return undefined;
      const answer = signal.aborted ? undefined : await askLine(question, secret, signal);
      if (signal.aborted) throw new InterruptedError('a question was not answered');
      return answer;
    },
  };
}

function askLine(question: string, secret: boolean, signal: AbortSignal): Promise<string | undefined> {
  printQuestion(question);
  // readline echoes what is typed to its output: for a secret that output is nowhere.
  const output = echoOf(secret);
  const lines = createInterface({ input: process.stdin, output, terminal: true, signal });
  return new Promise((resolve) => {
    lines.once('line', (line) => {
      if (secret) printNote('');
      resolve(line);
      lines.close();
    });
    lines.once('close', () => resolve(undefined));
    // readline takes Ctrl-C for itself while it is in raw mode: hand it back to the process, which aborts the
    // signal.
    lines.once('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  });
}
