import type { Host, Inventory } from '../../inventory/inventory.ts';
import type { DesiredHost } from '../desired.ts';
import type { Facts } from '../facts.ts';
import type { PeersWord } from '../start/word.ts';

export type PlanInput = {
  readonly inventory: Inventory;
  readonly host: Host;
  readonly facts: Facts;
  readonly desired: DesiredHost;
  /** What the other nodes and hosts say of each node, by inventory id; none: nothing is known. */
  readonly word: Readonly<Record<string, PeersWord>>;
  /** The package lists were refreshed in this run: what they do not have cannot be had. */
  readonly refreshed?: boolean;
};
