import { countSlots } from '../../cluster/slots.ts';
import { layoutOf } from '../../render/layout.ts';
import type { Check, Finding } from '../check.ts';
import type { CheckInput } from '../input.ts';
import { heirOf } from '../consequences.ts';
import { call, onHost, ours } from '../remedy.ts';
import { titled } from '../shared.ts';
import type { Topology } from '../topology.ts';

/**
 * A node whose data folder was removed under it: it serves from memory, and can neither save nor start again.
 */
export const dataGone: Check = {
  name: 'data folder there',
  section: 'persistence',
  run: (input, topology) =>
    input.inventory.hosts.flatMap((host) => {
      const facts = input.hosts[host.name];
      if (!facts?.reachable) return [];
      return layoutOf(input.inventory, host).nodes.flatMap(({ node, dataDirectory }) => {
        const process = facts.facts.processes[node.id];
        if (process?.folder !== 'gone') return [];
        const place = { node: node.id, host: host.name, directory: dataDirectory, pid: process.pid };
        return [describe(input, topology, place)];
      });
    }),
};

type Place = {
  readonly node: string;
  readonly host: string;
  readonly directory: string;
  readonly pid: number;
};

function describe(input: CheckInput, topology: Topology, { node, host, directory, pid }: Place): Finding {
  return {
    id: 'WR-DATA-GONE',
    severity: 'critical',
    ...titled(node, 'the data folder{|s} of {} {is|are} gone'),
    nodes: [node],
    hosts: [host],
    seen: `process ${pid} runs, and its folder ${directory} was removed`,
    expected: 'a node that works in its data folder',
    why: 'What it holds is in its memory alone: it can neither save it nor start again with it.',
    remedy: remedyFor(input, topology, { node, host, pid }),
    explains: [
      {
        ids: [
          'WR-CONFIG-LIVE',
          'WR-DATA-READ-ONLY',
          'WR-FOLDER-MISSING',
          'WR-RDB-FAILED',
          'WR-RDB-OVERDUE',
          'WR-AOF-WRITE-FAILED',
          'WR-AOF-REWRITE-FAILED',
        ],
        nodes: [node],
      },
    ],
  };
}

/** A replica takes over, the process ends, the other nodes forget its id, and provision starts it empty. */
function remedyFor(
  { inventory }: CheckInput,
  topology: Topology,
  { node, host, pid }: Omit<Place, 'directory'>,
): readonly string[] {
  const shard = topology.shards.find(({ master }) => master.node.id === node);
  const heir = shard && countSlots(shard.master.slots) > 0 ? heirOf(shard) : undefined;
  const member = topology.byNode.get(node);
  return [
    ...(heir ? [ours(inventory, 'failover', '--to', heir.node.id)] : []),
    // It may have ended by itself: a node that cannot save nodes.conf does.
    onHost(inventory, host, `kill -KILL ${pid} 2>/dev/null || :`),
    ...topology.reachable
      .filter((view) => member !== undefined && view.node !== node)
      .map((view) => call(inventory, view.node, 'CLUSTER', 'FORGET', member?.nodeId ?? '')),
    ours(inventory, 'provision'),
  ];
}
