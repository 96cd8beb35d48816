import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** `-i`, else $WEEDGO_REDIS_INVENTORY, else ./weedgo-redis.yaml, else the built-in six nodes on this machine. */
export function resolveInventoryPath(option: unknown): { readonly file: string; readonly builtIn: boolean } {
  const named = typeof option === 'string' ? option : process.env['WEEDGO_REDIS_INVENTORY'];
  if (named) return { file: resolve(named), builtIn: false };
  if (existsSync('weedgo-redis.yaml')) return { file: resolve('weedgo-redis.yaml'), builtIn: false };
  return { file: fileURLToPath(new URL('../../inventories/local.yaml', import.meta.url)), builtIn: true };
}
