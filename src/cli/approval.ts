import type { Approval } from '../operations/approval.ts';
import type { Invocation } from './command.ts';

/** Answers from --yes, --confirm NAME and the terminal; without any of them the answer is no. */
export function approvalOf({ global, options, prompter }: Invocation): Approval {
  return {
    agree: async ({ statements, question }) => {
      if (global.yes) return true;
      const answer = await prompter.ask(`${statements.join('\n')}\n${question} [y/N] `);
      return /^y(es)?$/i.test(answer?.trim() ?? '');
    },
    type: async ({ statements, question, name }) => {
      const typed =
        typeof options['confirm'] === 'string'
          ? options['confirm']
          : await prompter.ask(`${statements.join('\n')}\n${question}`);
      return typed?.trim() === name;
    },
  };
}
