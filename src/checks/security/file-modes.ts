import type { Ownership, ServiceAccount } from '../../host/facts.ts';
import { hasAccess } from '../../host/owners.ts';
import { layoutOf } from '../../render/layout.ts';
import type { RenderedFile } from '../../render/render.ts';
import type { Check, CheckInput, Finding } from '../check.ts';
import { ours } from '../remedy.ts';
import { titled } from '../shared.ts';

/** Modes and owners of files and folders: a redis.conf holds the password. */
export const fileModes: Check = {
  name: 'file modes and owners',
  section: 'security',
  run: (input) =>
    input.inventory.hosts.flatMap((host) => {
      const facts = input.hosts[host.name];
      if (!facts?.reachable) return [];
      const files = (input.files[host.name] ?? []).map((wanted) => ({
        wanted,
        found: facts.facts.files[wanted.path],
        secret: wanted.secret,
      }));
      const directories = layoutOf(input.inventory, host).directories.map((wanted) => ({
        wanted,
        found: facts.facts.directories[wanted.path],
        secret: true,
      }));
      const { account } = facts.facts.server;
      return [...files, ...directories].flatMap((item) => judge(input, host.name, { ...item, account }));
    }),
};

type Wanted = Pick<RenderedFile, 'path' | 'mode' | 'owner' | 'group'>;
type Item = {
  readonly wanted: Wanted;
  readonly found: Ownership | undefined;
  readonly account: ServiceAccount | undefined;
  /** What is in it is nobody else's business. */
  readonly secret: boolean;
};

function judge(
  { inventory }: CheckInput,
  host: string,
  { wanted, found, secret, account }: Item,
): readonly Finding[] {
  if (!found || hasAccess(wanted, found, account)) return [];
  // What every user may do although the layout does not say so.
  const isOpen = secret && (Number.parseInt(found.mode, 8) & ~Number.parseInt(wanted.mode, 8) & 0o007) !== 0;
  return [
    {
      id: 'WR-FILE-MODE',
      severity: isOpen ? 'critical' : 'warning',
      ...titled(
        `${wanted.path} on ${host}`,
        isOpen ? '{} {is|are} open to every user' : '{} {has|have} another mode or owner',
      ),
      nodes: [],
      hosts: [host],
      seen: `${found.mode} ${found.owner}:${found.group}`,
      expected: `${wanted.mode}${wanted.owner === undefined ? '' : ` ${wanted.owner}:${wanted.group ?? ''}`}`,
      why: isOpen
        ? 'Every user of the host can read the password or the data.'
        : 'The server may not be able to read or write it, or others may.',
      remedy: [ours(inventory, 'provision')],
    },
  ];
}
