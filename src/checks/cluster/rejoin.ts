import { countSlots } from '../../cluster/slots.ts';
import type { CheckInput } from '../input.ts';
import { heirOf } from '../consequences.ts';
import { hasDataFolder } from '../data-folder.ts';
import { byHand, call, onHost, ours, unitOf } from '../remedy.ts';
import type { Topology } from '../topology.ts';
import { isDead } from './strangers.ts';

/**
 * A new node takes the place of one that has lost its disk. All others have to let go of every id that nobody
 * has any more first, or provision refuses. The finding itself begins with the takeover of its slots.
 */
export function rejoin(node: string, input: CheckInput, topology: Topology): readonly string[] {
  const { inventory } = input;
  const own = topology.shards.find(({ master }) => master.node.id === node && countSlots(master.slots) > 0);
  if (own && !heirOf(own)) return onlyOnDisk(own, input);
  const lost = topology.members
    .filter((member) => !member.view && !hasDataFolder(member.node.id, input))
    .filter((member) => member.node.id === node || countSlots(member.slots) === 0);
  const ids = [...lost, ...topology.strangers.filter((each) => isDead(each, topology.strangers))];
  return [
    ...ids.map(({ nodeId }) => call(inventory, 'all', 'CLUSTER', 'FORGET', nodeId)),
    ours(inventory, 'provision'),
  ];
}

/**
 * The commands for a node that is down and has its data, where its master has lost its own: `start` is
 * refused then.
 */
export function followsNobody(node: string, input: CheckInput, { shards }: Topology): readonly string[] {
  const own = shards.find(({ replicas }) => replicas.some((replica) => replica.node.id === node));
  if (!own || own.master.view || countSlots(own.master.slots) === 0) return [];
  return hasDataFolder(own.master.node.id, input) || heirOf(own) ? [] : onlyOnDisk(own, input);
}

/** A start of all nodes is refused: the master would come up empty, and its replicas would copy that. */
function onlyOnDisk({ number, replicas }: Topology['shards'][number], input: CheckInput): readonly string[] {
  const holder = replicas.find(({ node }) => hasDataFolder(node.id, input))?.node;
  if (!holder) return [byHand(`no node is known to have the data of shard ${number}: find it first`)];
  const unit = unitOf(input.inventory, holder);
  return [
    byHand(
      `only ${holder.id} may have the data of shard ${number}, on its disk: start that node alone, then verify again`,
    ),
    ...(unit === undefined ? [] : [onHost(input.inventory, holder.host, `systemctl start ${unit}`)]),
  ];
}
