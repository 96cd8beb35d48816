import type { Host, Inventory } from '../../inventory/inventory.ts';
import type { DesiredHost } from '../desired.ts';
import type { Facts } from '../facts.ts';

export type PlanInput = {
  readonly inventory: Inventory;
  readonly host: Host;
  readonly facts: Facts;
  readonly desired: DesiredHost;
  /** The package lists were refreshed in this run: what they do not have cannot be had. */
  readonly refreshed?: boolean;
};
