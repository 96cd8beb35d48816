import { noFailover } from '../../cluster/step.ts';
import type { Inventory } from '../../inventory/inventory.ts';
import { shardsOf } from '../../inventory/topology.ts';
import type { Check, Finding } from '../check.ts';
import type { CheckInput } from '../input.ts';
import { ours } from '../remedy.ts';
import type { Member, Topology } from '../topology.ts';
import { simulateLosses, type WhatIf } from '../what-if.ts';
import { misplaced } from './placement.ts';

/** The cluster survives the loss of any one host and of any one zone. */
export const losses: Check = {
  name: 'survives the loss of a host or zone',
  section: 'redundancy',
  cluster: true,
  run: (input, topology) =>
    fatalLosses(input, topology).map((loss) =>
      describe(input.inventory, loss, isSurvivable(input.inventory, loss)),
    ),
};

/**
 * Losses that would take the cluster down. None while nodes are out: they have used up the reserve, and have
 * findings of their own. None with one host alone, or where the inventory lets replicas share their master's
 * host: such a cluster cannot survive the loss.
 */
export function fatalLosses(input: CheckInput, topology: Topology): readonly WhatIf[] {
  const { inventory } = input;
  const isWhole =
    topology.out.size === 0 &&
    topology.members.every(({ failedBy }) => failedBy.length === 0) &&
    topology.shards.every(({ replicas }) => replicas.every(isReady));
  const bare = topology.shards.some(({ replicas }) => replicas.length < inventory.replicas);
  if (!isWhole || bare || inventory.antiAffinity === 'none' || inventory.hosts.length < 2) return [];
  if (inventory.replicas === 0 || topology.shards.length === 0) return [];
  // A replica on its master's host is the cause, with its own finding; a drained host is meant to be spared.
  if (misplaced(input, topology).length > 0 || Object.keys(input.pending.drained).length > 0) return [];
  return simulateLosses(inventory, input.view).filter(
    (loss) => loss.staysUp === false && (loss.kind === 'host' || hostsOf(inventory, loss).length > 1),
  );
}

/** What keeps a replica from taking over is a finding about the replica. */
function isReady({ linked, view }: Member): boolean {
  return linked === true && view?.config[noFailover] !== 'yes';
}

/** Whether the inventory's own layout would survive it: otherwise only more hosts or zones help. */
function isSurvivable(inventory: Inventory, { kind, name }: WhatIf): boolean {
  const shards = shardsOf(inventory);
  const hit = shards.filter(({ master }) => master[kind] === name);
  const left = shards.length - hit.length;
  return (
    left * 2 > shards.length &&
    hit.every(({ replicas }) => replicas.some((replica) => replica[kind] !== name))
  );
}

function describe(inventory: Inventory, loss: WhatIf, survivable: boolean): Finding {
  return {
    id: loss.kind === 'host' ? 'WR-HOST-LOSS' : 'WR-ZONE-LOSS',
    severity: survivable ? 'warning' : 'info',
    title: `the cluster would not survive the loss of ${loss.kind} ${loss.name}`,
    shared: {
      by: `${loss.kind} ${loss.name}`,
      title: 'the loss of any one of {} would take the cluster down',
    },
    nodes: [],
    hosts: hostsOf(inventory, loss),
    seen: loss.sentence,
    expected: survivable
      ? `the loss of any one ${loss.kind} is survived, as the inventory's layout would`
      : `the loss of any one ${loss.kind} is survived; the inventory's own layout cannot: masters need a third ${loss.kind}`,
    why: 'Every slot would stop being served, and no failover could be elected, until it is back.',
    remedy: survivable ? [ours(inventory, 'balance-masters')] : [ours(inventory, 'verify', '--what-if')],
  };
}

function hostsOf(inventory: Inventory, { kind, name }: WhatIf): readonly string[] {
  return inventory.hosts
    .filter((host) => (kind === 'host' ? host.name : host.zone) === name)
    .map((host) => host.name);
}
