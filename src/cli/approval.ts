import { inLine } from '../base/harmless.ts';
import type { Approval, Question } from '../session/approval.ts';
import type { Invocation } from './command.ts';

/** Answers from --yes, --confirm NAME and the terminal; without any of them the answer is no. */
export function approvalOf({ global, options, prompter }: Invocation): Approval {
  return {
    agree: async (question) => {
      if (global.yes) return true;
      const answer = await prompter.ask(`${textOf(question)} [y/N] `);
      return /^y(es)?$/i.test(answer?.trim() ?? '');
    },
    type: async (question) =>
      typeof options['confirm'] === 'string' ? options['confirm'] : prompter.ask(textOf(question)),
  };
}

const textOf = ({ statements, details = [], question }: Question): string =>
  [...details, ...statements.map(inLine), question].join('\n');
