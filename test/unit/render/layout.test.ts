import { homedir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadInventory } from '../../../src/inventory/load.ts';
import { defaultStateDirectory, layoutFiles, layoutOf } from '../../../src/render/layout.ts';
import type { Layout } from '../../../src/render/layout.ts';

const inventories = join(import.meta.dirname, '../../../inventories');

test('hosts reached by SSH: systemd, folders of the tool, every parent owned by root', async () => {
  const layout = await firstLayout('three-hosts');
  expect(layout.serviceUser).toBe('redis');
  expect(
    layout.directories.map(({ path, owner, group, mode }) => `${path} ${owner}:${group} ${mode}`),
  ).toEqual([
    '/etc/weedgo-redis root:redis 0750',
    '/var/lib/weedgo-redis root:root 0755',
    '/var/log/weedgo-redis root:root 0755',
    '/var/lib/weedgo-redis/redis@7000 redis:redis 0750',
    '/var/log/weedgo-redis/redis@7000 redis:redis 0750',
    '/var/lib/weedgo-redis/redis@7003 redis:redis 0750',
    '/var/log/weedgo-redis/redis@7003 redis:redis 0750',
  ]);
  expect(layout.nodes.map(({ service }) => service)).toEqual([
    { manager: 'systemd', unit: 'weedgo-redis@7000.service' },
    { manager: 'systemd', unit: 'weedgo-redis@7003.service' },
  ]);
  expect(layoutFiles(layout)).toEqual([
    '/etc/weedgo-redis/redis-7000.conf',
    '/etc/weedgo-redis/redis-7003.conf',
    '/etc/systemd/system/weedgo-redis@.service',
    '/etc/sysctl.d/60-weedgo-redis.conf',
    '/etc/tmpfiles.d/weedgo-redis.conf',
    '/etc/logrotate.d/weedgo-redis',
    '/etc/needrestart/conf.d/weedgo-redis.conf',
    '/usr/local/lib/weedgo-redis-start-guard.sh',
  ]);
});

test('this machine: everything below the state folder, nothing that needs root', async () => {
  const layout = await firstLayout('local');
  expect(layout).toMatchObject({ manager: 'daemon', serviceUser: undefined, shared: undefined });
  const paths = [
    ...layout.directories.map(({ path }) => path),
    ...layout.nodes.flatMap(({ configFile, dataDirectory, logFile }) => [configFile, dataDirectory, logFile]),
  ];
  for (const path of paths) expect(path).toMatch(/^\/state\/weedgo-local(\/|$)/);
  expect(layout.directories.every(({ mode }) => mode === '0700')).toBe(true);
});

test('the state folder follows the XDG rules', () => {
  expect(defaultStateDirectory({ XDG_STATE_HOME: '/var/state' })).toBe('/var/state/weedgo-redis');
  const home = join(homedir(), '.local/state/weedgo-redis');
  expect(defaultStateDirectory({})).toBe(home);
  expect(defaultStateDirectory({ XDG_STATE_HOME: 'relative' })).toBe(home);
});

async function firstLayout(name: string): Promise<Layout> {
  const inventory = await loadInventory(join(inventories, `${name}.yaml`));
  const [host] = inventory.hosts;
  if (host === undefined) throw new Error('no host');
  return layoutOf(inventory, host, '/state');
}
