import type { ClusterView } from '../cluster/view.ts';
import type { Inventory } from '../inventory/inventory.ts';
import type { Check } from './check.ts';
import type { CheckInput } from './input.ts';
import { agreement } from './cluster/agreement.ts';
import { complete } from './cluster/complete.ts';
import { formed } from './cluster/formed.ts';
import { members } from './cluster/members.ts';
import { openSlots } from './cluster/open-slots.ts';
import { shards } from './cluster/shards.ts';
import { slots } from './cluster/slots.ts';
import { state } from './cluster/state.ts';
import { strangers } from './cluster/strangers.ts';
import { twins } from './cluster/twins.ts';
import { placement } from './redundancy/placement.ts';
import { replicas } from './redundancy/replicas.ts';
import { topologyOf } from './topology.ts';

/** The checks of who is who, which need no more than what the nodes say of the cluster. */
const structural: readonly Check[] = [
  twins,
  formed,
  state,
  slots,
  openSlots,
  shards,
  agreement,
  members,
  strangers,
  complete,
  replicas,
  placement,
];

/**
 * Whether `verify` would report anything of the cluster's structure: then it is not what the inventory says,
 * even where provision has no step to take.
 */
export function isSound(inventory: Inventory, view: ClusterView): boolean {
  if (inventory.mode === 'standalone') return true;
  const input: CheckInput = { ...nothingElse, inventory, view };
  const topology = topologyOf(input);
  return structural.every(({ run }) => run(input, topology).every(({ severity }) => severity === 'info'));
}

const nothingElse = {
  hosts: {},
  files: {},
  now: 0,
  probes: {},
  evidence: {},
  connections: {},
  strayKeys: {},
  defaults: {},
  first: undefined,
  hostProbes: {},
  pending: { drained: {}, restart: undefined, drill: undefined },
  passwordPublished: false,
  writeTest: undefined,
} as const;
