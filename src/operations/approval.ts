import { RefusedError } from '../errors.ts';

/** What an operator must have been told before something is done, and the means to ask. */
export type Approval = {
  /** A yes, on a terminal or by --yes. */
  readonly agree: (question: Question) => Promise<boolean>;
  /** The name, typed on a terminal or given as an option: --yes is not enough. */
  readonly type: (question: Question & { readonly name: string }) => Promise<boolean>;
};

export type Question = {
  /** Each a sentence. */
  readonly statements: readonly string[];
  readonly question: string;
};

/** Throws RefusedError, with what was said, unless the answer is yes. */
export async function demandYes({ agree }: Approval, question: Question): Promise<void> {
  if (await agree(question)) return;
  throw new RefusedError(`${question.statements.join('; ')}: not confirmed`, {
    hints: ['Confirm it on a terminal, or with --yes.'],
  });
}

/** Throws RefusedError, with what was said, unless the name was typed. */
export async function demandName(
  { type }: Approval,
  question: Question & { readonly name: string },
): Promise<void> {
  if (await type(question)) return;
  throw new RefusedError(`${question.statements.join('; ')}: not confirmed`, {
    hints: [`Type ${question.name} on a terminal, or give --confirm ${question.name}.`],
  });
}
