/** One host's copy of the journal. */
export type Copy<T> = {
  readonly entry: T;
  readonly revision: number;
  /** Id of the write that made it: the same on every host which that write reached. */
  readonly write: string;
};

/**
 * The copy that counts, and the highest revision that any copy has. `hosts`: how many hosts there are, read
 * or not.
 *
 * Two commands may have written the same revision to different hosts, and one that was reported as failed may
 * have reached a few. A write counts when it can have reached a majority: the hosts that have it, and those
 * whose copy is not known. Of these the highest revision counts; of equal ones the one that more hosts have.
 * Where none can have (so many disks were replaced) the newest is still better than nothing. Pure.
 */
export function chooseCopy<T>(
  copies: readonly Copy<T>[],
  hosts: number,
): { readonly winner: Copy<T> | undefined; readonly revision: number } {
  const votes = new Map<string, number>();
  for (const { write } of copies) votes.set(write, (votes.get(write) ?? 0) + 1);
  const unknown = hosts - copies.length;
  const votesOf = ({ write }: Copy<T>): number => votes.get(write) ?? 0;
  const possible = copies.filter((copy) => (votesOf(copy) + unknown) * 2 > hosts);
  const [winner] = (possible.length > 0 ? possible : copies).toSorted(
    (one, other) => other.revision - one.revision || votesOf(other) - votesOf(one),
  );
  return { winner, revision: Math.max(0, ...copies.map(({ revision }) => revision)) };
}
