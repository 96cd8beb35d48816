import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Inventory } from '../inventory/inventory.ts';
import { loadInventory } from '../inventory/load.ts';
import { packageFile } from '../base/package-file.ts';
import type { Invocation } from './command.ts';

/** The inventory that the command line names, validated; that none was named is said. Throws UsageError. */
export async function namedInventory({ global, emit }: Invocation): Promise<Inventory> {
  const { file, builtIn } = resolveInventoryPath(global.inventory);
  if (builtIn) {
    emit({
      type: 'warning',
      message: 'no inventory given: using the built-in one, six nodes on this machine',
    });
  }
  return loadInventory(file);
}

/**
 * `-i`, else $WEEDGO_REDIS_INVENTORY, else ./weedgo-redis.yaml, else the built-in six nodes on this machine.
 */
export function resolveInventoryPath(option: string | undefined): {
  readonly file: string;
  readonly builtIn: boolean;
} {
  const named = option ?? process.env['WEEDGO_REDIS_INVENTORY'];
  if (named) return { file: resolve(named), builtIn: false };
  if (existsSync('weedgo-redis.yaml')) return { file: resolve('weedgo-redis.yaml'), builtIn: false };
  return { file: fileURLToPath(packageFile('inventories/local.yaml')), builtIn: true };
}
