import { layoutOf } from '../../render/layout.ts';
import { parseRedisConf } from '../../render/redis-conf.ts';
import type { Check, Finding } from '../check.ts';
import type { CheckInput } from '../input.ts';
import { onHost, ours } from '../remedy.ts';
import { titled } from '../shared.ts';

/**
 * The files the tool keeps on a host are there and as rendered; what a redis.conf says is compared by
 * directive.
 */
export const managedFiles: Check = {
  name: 'managed files',
  section: 'configuration',
  run: (input, { unreachable }) =>
    input.inventory.hosts.flatMap((host) => {
      const { name } = host;
      const facts = input.hosts[name];
      if (!facts?.reachable) return [];
      const owners = new Map(
        layoutOf(input.inventory, host).nodes.map(({ configFile, node }) => [configFile, node.id]),
      );
      return (input.files[name] ?? []).flatMap(({ path, content }) => {
        const found = facts.facts.files[path]?.content;
        // The node whose redis.conf this is; none for files of the host as a whole.
        const owner = owners.get(path);
        const nodes = owner === undefined ? [] : [owner];
        // A node that is down because its file is missing has a finding that says so.
        if (unreachable.some(({ node }) => nodes.includes(node)) && found === undefined) return [];
        if (found === undefined) return [describe(input, { name, path, nodes, state: 'missing' })];
        if (nodes.length === 0)
          return found === content ? [] : [describe(input, { name, path, nodes, state: 'changed' })];
        return isReadable(found) ? [] : [describe(input, { name, path, nodes, state: 'unreadable' })];
      });
    }),
};

type Trouble = {
  readonly name: string;
  readonly path: string;
  readonly nodes: readonly string[];
  readonly state: 'missing' | 'changed' | 'unreadable';
};

function isReadable(conf: string): boolean {
  try {
    parseRedisConf(conf);
    return true;
  } catch {
    return false;
  }
}

const seen = {
  missing: 'it is not there',
  changed: 'its content is not what was provisioned',
  unreadable: 'its quotes are unbalanced: the server would not start with it',
} as const;

function describe({ inventory }: CheckInput, { name, path, nodes, state }: Trouble): Finding {
  return {
    id: state === 'missing' ? 'WR-FILE-MISSING' : 'WR-FILE-CHANGED',
    severity: state === 'changed' ? 'warning' : 'critical',
    ...titled(`${path} on ${name}`, state === 'missing' ? '{} {is|are} missing' : '{} {was|were} changed'),
    nodes,
    hosts: [name],
    seen: seen[state],
    expected: 'the file as provision writes it',
    why: 'It is read at the next start: the node, or the host, then does not come back as it was.',
    remedy: [
      ...(state === 'changed' ? [onHost(inventory, name, `ls -l ${path}`)] : []),
      ours(inventory, 'provision'),
    ],
  };
}
