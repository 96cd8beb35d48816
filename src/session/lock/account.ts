/**
 * What a command has begun to change, in order: said at its end when it fails, instead of guessing from the
 * code.
 */
export type Account = {
  readonly note: (change: string) => void;
  readonly changes: () => readonly string[];
};

export function createAccount(): Account {
  const changes: string[] = [];
  return { note: (change) => void changes.push(change), changes: () => changes };
}
