import type { Ownership, ServiceAccount } from './facts.ts';

/** As the layout names the owner and group; undefined: any will do. */
export type WantedAccess = {
  readonly mode: string;
  readonly owner: string | undefined;
  readonly group: string | undefined;
};

/** The mode, and the owner and group by number: several names may stand for one. */
export const hasAccess = (
  wanted: WantedAccess,
  found: Ownership,
  account: ServiceAccount | undefined,
): boolean =>
  Number.parseInt(wanted.mode, 8) === Number.parseInt(found.mode, 8) && hasOwner(wanted, found, account);

/** Layouts know two owners: root and the service user. */
const hasOwner = (
  { owner, group }: Omit<WantedAccess, 'mode'>,
  { uid, gid }: Pick<Ownership, 'uid' | 'gid'>,
  account: ServiceAccount | undefined,
): boolean =>
  (owner === undefined || uid === (owner === 'root' ? 0 : account?.uid)) &&
  (group === undefined || gid === (group === 'root' ? 0 : account?.gid));
