import { RefusedError } from '../base/errors.ts';

/** What an operator must have been told before something is done, and the means to ask. */
export type Approval = {
  /** A yes, on a terminal or by --yes. */
  readonly agree: (question: Question) => Promise<boolean>;
  /**
   * What was typed on a terminal or given as an option (--yes is not enough); undefined: nobody could be
   * asked.
   */
  readonly type: (question: Question) => Promise<string | undefined>;
};

export type Question = {
  /** Each a sentence. */
  readonly statements: readonly string[];
  /** Lines to read before answering. */
  readonly details?: readonly string[];
  readonly question: string;
  /** What else can be done about it. */
  readonly hints?: readonly string[];
};

/** Throws RefusedError, with what was said, unless the answer is yes. */
export async function demandYes({ agree }: Approval, question: Question): Promise<void> {
  if (await agree(question)) return;
  throw new RefusedError(`${question.statements.join('; ')}: not confirmed`, {
    hints: ['Confirm it on a terminal, or with --yes.', ...(question.hints ?? [])],
  });
}

/** Throws RefusedError, with what was said or what was typed instead, unless the name was typed. */
export async function demandName(
  { type }: Approval,
  { name, ...question }: Question & { readonly name: string },
): Promise<void> {
  const typed = (await type(question))?.trim();
  if (typed === name) return;
  const why = typed === undefined ? 'not confirmed' : `"${typed}" is not ${name}`;
  throw new RefusedError(`${question.statements.join('; ')}: ${why}`, {
    hints: [`Type ${name} on a terminal, or give --confirm ${/\s/.test(name) ? `"${name}"` : name}.`],
  });
}
