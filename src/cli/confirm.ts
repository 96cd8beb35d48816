import { RefusedError } from '../errors.ts';
import type { Invocation } from './command.ts';

/** Asks before something that applications will notice. Throws RefusedError unless the answer is yes or --yes. */
export async function confirm({ global, prompter }: Invocation, question: string): Promise<void> {
  if (global.yes) return;
  const answer = await prompter.ask(`${question} [y/N] `);
  if (answer !== undefined && /^y(es)?$/i.test(answer.trim())) return;
  throw new RefusedError(answer === undefined ? `not confirmed: ${question}` : 'not confirmed', {
    hints: ['Nothing was changed. Give --yes where there is no terminal to answer on.'],
  });
}
