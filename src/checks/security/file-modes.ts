import type { Ownership, ServiceAccount } from '../../host/facts.ts';
import { hasAccess } from '../../host/owners.ts';
import { layoutOf } from '../../render/layout.ts';
import type { RenderedFile } from '../../render/render.ts';
import type { Check, Finding } from '../check.ts';
import type { CheckInput } from '../input.ts';
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
  input: CheckInput,
  host: string,
  { wanted, found, secret, account }: Item,
): readonly Finding[] {
  if (!found || hasAccess(wanted, found, account)) return [];
  // A node that is down cannot start again as long as it cannot read this.
  const stopped = downFor(input, host, wanted.path);
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
      nodes: stopped,
      hosts: [host],
      seen: `${found.mode} ${found.owner}:${found.group}`,
      expected: `${wanted.mode}${wanted.owner === undefined ? '' : ` ${wanted.owner}:${wanted.group ?? ''}`}`,
      why: isOpen
        ? 'Every user of the host can read the password or the data.'
        : 'The server may not be able to read or write it, or others may.',
      remedy: [ours(input.inventory, 'provision')],
      ...(stopped.length > 0 && { explains: [{ ids: ['WR-NODE-DOWN'], nodes: stopped }] }),
    },
  ];
}

/** Nodes of the host that do not run and whose configuration or data is at this path. */
function downFor({ inventory, view }: CheckInput, host: string, path: string): readonly string[] {
  const known = inventory.hosts.find(({ name }) => name === host);
  const places = known ? layoutOf(inventory, known).nodes : [];
  return places
    .filter(({ configFile, dataDirectory }) => [configFile, dataDirectory].includes(path))
    .map(({ node }) => node.id)
    .filter((id) =>
      view.nodes.some((node) => node.node === id && !node.reachable && node.failure === 'refused'),
    );
}
