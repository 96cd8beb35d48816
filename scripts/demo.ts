/** `npm run demo`: six nodes on this machine, verified, and used by a client as an application would. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { Cluster } from 'ioredis';
import { loadInventory } from '../src/inventory/load.ts';
import { resolveSecrets } from '../src/inventory/secrets.ts';

const root = join(import.meta.dirname, '..');
const file = 'inventories/local.yaml';
const command = `bin/weedgo-redis.js -i ${file}`;
const keys = Array.from({ length: 1000 }, (_, index) => `weedgo-demo:${index}`);

weedgo('provision');
weedgo('verify', '--fail-on', 'critical');
await useCluster();
console.log(`
The cluster keeps running. To go on:
  ${command} status
  ${command} env                # what an application needs to connect
To stop it, keeping its data:  ${command} stop
To remove it and its data:     ${command} destroy`);

function weedgo(...operation: readonly string[]): void {
  console.log(`\n$ ${command} ${operation.join(' ')}`);
  const args = [join(root, 'bin/weedgo-redis.js'), '-i', file, ...operation];
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

/** Keys that spread over all masters, written and read through the cluster; they expire after ten minutes. */
async function useCluster(): Promise<void> {
  const inventory = await loadInventory(join(root, file));
  const { password } = await resolveSecrets(inventory);
  const seeds = inventory.nodes.map(({ address, port }) => ({ host: address, port }));
  const cluster = new Cluster(seeds, {
    redisOptions: { ...(password !== undefined && { password }), commandTimeout: 5000 },
  });
  try {
    await Promise.all(keys.map((key) => cluster.set(key, `value of ${key}`, 'EX', 600)));
    const values = await Promise.all(keys.map((key) => cluster.get(key)));
    const right = values.filter((value, index) => value === `value of ${keys[index]}`).length;
    const masters = await Promise.all(
      cluster
        .nodes('master')
        .map(async (node) => `${node.options.host}:${node.options.port} has ${await node.dbsize()}`),
    );
    console.log(`\n${right} of ${keys.length} keys written through the cluster were read back.`);
    console.log(`Keys: ${masters.toSorted().join(', ')}.`);
    if (right !== keys.length) process.exit(1);
  } finally {
    cluster.disconnect();
  }
}
