import { numberIn } from '../../cluster/parse.ts';
import { replicaLine } from '../../cluster/replica-line.ts';
import type { ReachableView } from '../../cluster/view.ts';
import type { Check, Finding, FindingId } from '../check.ts';
import type { CheckInput } from '../input.ts';
import { wantedOf } from '../configuration/drift.ts';
import { setAll } from '../configuration/outliers.ts';
import { byHand, call, ours } from '../remedy.ts';
import { count } from '../text.ts';
import type { Shard, Topology } from '../topology.ts';

/** A master with fewer good replicas than its own min-replicas-to-write answers NOREPLICAS to every write. */
export const minReplicas: Check = {
  name: 'replicas needed to write',
  section: 'redundancy',
  cluster: true,
  run: (input, topology) =>
    topology.shards.flatMap((shard) => {
      const { view, node } = shard.master;
      const refusal = view && writeRefusal(view);
      if (!refusal) return [];
      const { good, needed } = refusal;
      return [
        {
          id: 'WR-WRITES-REFUSED',
          severity: 'critical',
          title: `shard ${shard.number} refuses writes: ${good} of ${needed} good replicas`,
          nodes: [node.id],
          hosts: [],
          seen: `min_slaves_good_slaves:${good} and ${directive} ${needed} on ${node.id}`,
          why: 'Every write to these slots fails with NOREPLICAS until enough replicas are in sync.',
          passing: true,
          explains: [{ ids: ['WR-WRITE-FAILED'], nodes: [node.id] }],
          ...causeOf(input, topology, { ...shard, needed }),
        },
      ];
    }),
};

const directive = 'min-replicas-to-write';

/** How many good replicas a master has and needs, where it takes no writes, by its own word. */
export function writeRefusal({
  config,
  info,
}: ReachableView): { readonly good: number; readonly needed: number } | undefined {
  const needed = Number(config[directive]);
  // The server lists it only where the directive is set (INFO replication).
  const good = numberIn(info, 'min_slaves_good_slaves');
  return good !== undefined && needed > good ? { good, needed } : undefined;
}

type Starved = Shard & { readonly needed: number };

/** Either the master asks for more replicas than there are to be, or some of those do not follow it. */
function causeOf(
  input: CheckInput,
  topology: Topology,
  shard: Starved,
): Pick<Finding, 'expected' | 'remedy' | 'dueTo'> {
  const most = Math.max(input.inventory.replicas, shard.replicas.length);
  if (shard.needed > most)
    return {
      expected: `${directive} of at most ${most}: there are no more replicas`,
      remedy: lowerSetting(input, shard, most),
    };
  const missing = input.inventory.nodes
    .filter(({ id, shard: number }) => number === shard.number && topology.out.has(id))
    .map(({ id }) => id);
  const nodes = [...shard.replicas.map(({ node }) => node.id), ...missing];
  return {
    expected: `at least ${count(shard.needed, 'replica')} in sync with ${shard.master.node.id}`,
    remedy: bringBack(input, shard, nodes.filter((id) => topology.out.has(id)).length > 0),
    dueTo: [
      { ids: lostReplicas, nodes },
      { ids: ['WR-REPLICAS-MISSING'], nodes: [shard.master.node.id] },
    ],
  };
}

/** Where the value comes from decides where it is changed. */
function lowerSetting(input: CheckInput, { master }: Starved, most: number): readonly string[] {
  const { inventory } = input;
  const wanted = wantedOf(input)[master.node.id]?.[directive];
  if (wanted === undefined) return setAll(inventory, [master.node.id], [directive, '0']);
  return [
    ...(Number(wanted) > most
      ? [byHand(`in ${inventory.file}, set config.${directive} to ${most} or less`)]
      : []),
    ours(inventory, 'provision'),
  ];
}

function bringBack({ inventory }: CheckInput, shard: Starved, isAway: boolean): readonly string[] {
  if (isAway) return [ours(inventory, 'start')];
  const { master, replicas, needed } = shard;
  if (replicas.length < needed) return [ours(inventory, 'provision')];
  const maxLag = Number(master.view?.config['min-replicas-max-lag']);
  const silent = replicas.filter(({ view }) => {
    const line = master.view && view && replicaLine(master.view, view);
    return line === undefined || line.state !== 'online' || line.lag > maxLag;
  });
  // A link that has died silently counts as up until repl-timeout.
  const relinked = silent.length > 0 ? silent : replicas;
  return relinked.map(({ node }) => call(inventory, node.id, 'CLIENT', 'KILL', 'TYPE', 'master'));
}

/** Findings about a replica which its master then does not count. */
const lostReplicas: readonly FindingId[] = [
  'WR-NODE-DOWN',
  'WR-NODE-UNASKED',
  'WR-NODE-ALONE',
  'WR-HOST-UNREACHABLE',
  'WR-REPLICA-LINK-DOWN',
  'WR-REPLICA-SYNCING',
  'WR-REPLICA-LAG',
];
