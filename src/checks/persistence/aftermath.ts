import type { UnreachableView } from '../../cluster/view.ts';
import type { CheckInput } from '../input.ts';
import { consequencesOf } from '../consequences.ts';
import { takeoverOf } from '../takeovers.ts';
import { ours } from '../remedy.ts';
import { joinNames } from '../text.ts';
import type { Topology } from '../topology.ts';
import { filesystems, isFull } from './filesystems.ts';
import { snapshot } from './saving.ts';

/** What a disk without room, or one that cannot be written to, explains of what its nodes report. */
export function nodesWithoutDisk(input: CheckInput): ReadonlySet<string> {
  const unwritable = Object.values(input.hostProbes).flatMap(({ dataFolders }) =>
    Object.entries(dataFolders).flatMap(([node, state]) => (state === 'writable' ? [] : [node])),
  );
  const crammed = input.inventory.hosts.flatMap((host) => {
    const facts = input.hosts[host.name];
    return facts?.reachable
      ? filesystems(input, host, facts.facts)
          .filter(isFull)
          .flatMap(({ nodes }) => nodes)
      : [];
  });
  return new Set([...unwritable, ...crammed]);
}

/**
 * Down, or about to start once more: a replica that cannot write ends, and systemd starts it again and again.
 */
export function isWithoutDisk(input: CheckInput, { node, failure }: UnreachableView): boolean {
  return failure !== 'auth' && nodesWithoutDisk(input).has(node);
}

export type Aftermath = {
  readonly seen: readonly string[];
  /** Commands to run before the disk is fixed; `after`: those to run after it is. */
  readonly before: readonly string[];
  readonly after: readonly string[];
};

/**
 * What a disk that is full, or that cannot be written to, has done to its nodes. It is part of the finding
 * about the disk, and so is its fix.
 */
export function aftermathOf(input: CheckInput, topology: Topology, nodes: readonly string[]): Aftermath {
  const { inventory } = input;
  const down = topology.unreachable
    .filter((view) => nodes.includes(view.node) && view.failure !== 'host' && isWithoutDisk(input, view))
    .map(({ node }) => node);
  return {
    seen: [
      ...refusing(nodes, topology),
      ...(down.length === 0 ? [] : [`${joinNames(down)} ${down.length === 1 ? 'does' : 'do'} not run`]),
      ...consequencesOf(topology, down),
      ...unsynced(nodes, topology),
    ],
    before: down.flatMap((node) => takeoverOf(input, topology, node)),
    after: [
      ...(down.length === 0 ? [] : [ours(inventory, 'start')]),
      ...failedSnapshots(input, topology, nodes),
    ],
  };
}

function refusing(nodes: readonly string[], { reachable }: Topology): readonly string[] {
  const failed = reachable.filter(
    ({ node, info }) =>
      nodes.includes(node) &&
      (info['aof_last_write_status'] === 'err' || info['rdb_last_bgsave_status'] === 'err'),
  );
  return failed.length === 0
    ? []
    : [`${joinNames(failed.map(({ node }) => node))} could not write and refuses writes`];
}

function unsynced(nodes: readonly string[], { reachable }: Topology): readonly string[] {
  const behind = reachable
    .filter(({ node, info }) => nodes.includes(node) && info['master_link_status'] === 'down')
    .map(({ node }) => node);
  return behind.length === 0
    ? []
    : [`${joinNames(behind)} ${behind.length === 1 ? 'does' : 'do'} not receive what is written`];
}

/** With room again, a failed snapshot has to be repeated: the server remembers the failure until then. */
function failedSnapshots(
  input: CheckInput,
  { reachable }: Topology,
  nodes: readonly string[],
): readonly string[] {
  return reachable
    .filter(({ node, info }) => nodes.includes(node) && info['rdb_last_bgsave_status'] === 'err')
    .map(({ node }) => snapshot(input, node));
}
