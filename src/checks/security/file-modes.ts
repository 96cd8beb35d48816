import type { DirectoryState, FileState } from '../../host/facts.ts';
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
      return [...files, ...directories].flatMap((item) => judge(input, host.name, item));
    }),
};

type Wanted = Pick<RenderedFile, 'path' | 'mode' | 'owner' | 'group'>;
type Item = {
  readonly wanted: Wanted;
  readonly found: Pick<FileState | DirectoryState, 'mode' | 'owner' | 'group'> | undefined;
  /** What is in it is nobody else's business. */
  readonly secret: boolean;
};

function judge({ inventory }: CheckInput, host: string, { wanted, found, secret }: Item): readonly Finding[] {
  if (!found || (sameMode(wanted, found) && sameOwner(wanted, found))) return [];
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

function sameMode(wanted: Wanted, found: { readonly mode: string }): boolean {
  return Number.parseInt(wanted.mode, 8) === Number.parseInt(found.mode, 8);
}

/** Without an owner in the layout the files belong to whoever runs the tool. */
function sameOwner(wanted: Wanted, found: { readonly owner: string; readonly group: string }): boolean {
  return wanted.owner === undefined || (wanted.owner === found.owner && wanted.group === found.group);
}
