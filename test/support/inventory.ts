import type { Inventory } from '../../src/inventory/inventory.ts';
import { parseInventory } from '../../src/inventory/load.ts';

export type LocalInventoryOptions = {
  readonly replicas?: number;
  readonly mode?: Inventory['mode'];
  /** The inventory gives a password; default true. */
  readonly password?: boolean;
  /** redis.conf directives. */
  readonly config?: Readonly<Record<string, string>>;
};

/**
 * The inventory of nodes on 127.0.0.1, host `local`, read as a file would be: the first ports are masters.
 */
export function localInventory(ports: readonly number[], options: LocalInventoryOptions = {}): Inventory {
  const { replicas, mode = 'cluster', password = true, config = {} } = options;
  return parseInventory(
    JSON.stringify({
      cluster: 'test',
      mode,
      connection: 'local',
      ...(mode === 'cluster' && { replicas: replicas ?? 1, antiAffinity: 'none' }),
      production: false,
      ...(password && { auth: { password: { env: 'WEEDGO_REDIS_PASSWORD' } } }),
      hosts: [{ name: 'local', address: '127.0.0.1', ports }],
      config,
    }),
    '/nowhere/weedgo-redis.yaml',
  );
}
