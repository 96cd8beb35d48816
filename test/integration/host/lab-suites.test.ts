import { afterEach, expect, test } from 'vitest';
import { applySteps } from '../../../src/host/apply.ts';
import { planHost, untilObservation } from '../../../src/host/plan.ts';
import { requireHost } from '../../../src/host/require.ts';
import type { Inventory } from '../../../src/inventory/inventory.ts';
import type { Shell } from '../../../src/ssh/shell.ts';
import { createLab, type Lab } from '../../lab/lab.ts';
import type { Suite } from '../../lab/image.ts';
import { connectLab, converge, labInventory, lookAt } from './lab-hosts.ts';

let lab: Lab | undefined;
afterEach(() => lab?.close());

async function oneHost(suite: Suite, over: object): Promise<{ inventory: Inventory; shell: Shell }> {
  lab = await createLab({ hosts: ['redis1'], suite });
  const hosts = lab.hosts.map(({ name, address }) => ({ name, address, ports: [7000, 7001, 7002] }));
  const inventory = labInventory(lab, { hosts, replicas: 0, antiAffinity: 'none', ...over });
  const shell = (await connectLab(inventory)).get('redis1');
  if (!shell) throw new Error('no shell');
  return { inventory, shell };
}

test('Debian 11 has Redis 6.0: refused once its package lists are fresh, and nothing is installed', async () => {
  const { inventory, shell } = await oneHost('bullseye', {});
  const first = await lookAt(shell, inventory);
  const steps = untilObservation(planHost(first));
  expect(steps).toEqual([{ kind: 'refresh-packages', manager: 'apt' }]);
  await applySteps(shell, steps);
  const fresh = await lookAt(shell, inventory, true);
  expect(fresh.facts.server).toMatchObject({ available: '6.0.16', userExists: false });
  expect(requireHost(fresh).filter(({ kind }) => kind === 'failed')).toMatchObject([
    { id: 'version', message: 'redis1 needs redis-server >=6.2; apt there would install 6.0.16' },
  ]);
  await shell.close();
});

test.each([
  ['redis', '>=8'],
  ['valkey', '>=8'],
])('Debian 13 has %s %s', async (server, version) => {
  const { inventory, shell } = await oneHost('trixie', { server, version });
  await converge(shell, inventory);
  const input = await lookAt(shell, inventory);
  expect(planHost(input)).toEqual([]);
  expect(requireHost(input).filter(({ kind }) => kind !== 'warning')).toEqual([]);
  expect(input.facts.server.installed?.path).toBe(`/usr/bin/${server}-server`);
  expect(Object.keys(input.facts.processes)).toHaveLength(3);
  expect(new Set(input.facts.listeners.map(({ process }) => process))).toEqual(new Set([`${server}-server`]));
  await shell.close();
});
