import { form } from '../test/support/cluster.ts';
import { localInventory } from '../test/support/inventory.ts';
import { startNodes } from '../test/support/redis.ts';
import { run } from '../test/lab/run.ts';
import { untilAgreed } from './agreed.ts';
import { type Comparison, seconds } from './measure.ts';

const firstPort = 22_000;

/**
 * Forming a cluster of `size` empty, running nodes on loopback, half of them replicas, until all of them
 * agree: by us and by redis-cli, in turns, each time on new nodes with the default settings.
 */
export async function benchForming(size: number, runs: number): Promise<Comparison> {
  const ports = Array.from({ length: size }, (_, index) => firstPort + index);
  const inventory = localInventory(ports, { password: false });
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let turn = 0; turn < runs; turn += 1) {
    ours.push(await onNewNodes(ports, () => form(inventory)));
    theirs.push(await onNewNodes(ports, () => createByRedisCli(ports)));
  }
  const what = `form ${size} nodes on loopback until all agree and all replicas are linked`;
  return { what, ours, peer: '`redis-cli --cluster create`', theirs };
}

/** Just started masters keep the cluster down for two seconds (CLUSTER_WRITABLE_DELAY), with any tool. */
const warmUpMs = 3000;

async function onNewNodes(ports: readonly number[], create: () => Promise<unknown>): Promise<number> {
  const nodes = await startNodes({ ports });
  try {
    await new Promise((resolve) => setTimeout(resolve, warmUpMs));
    return await seconds(async () => {
      await create();
      await untilAgreed(ports, 600_000);
    });
  } finally {
    await nodes.close();
  }
}

function createByRedisCli(ports: readonly number[]): Promise<string> {
  const addresses = ports.map((port) => `127.0.0.1:${port}`);
  const options = ['--cluster-replicas', '1', '--cluster-yes'];
  return run(['redis-cli', '--cluster', 'create', ...addresses, ...options], { timeoutMs: 600_000 });
}
