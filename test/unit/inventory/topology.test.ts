import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadInventory, parseInventory } from '../../../src/inventory/load.ts';
import {
  findHost,
  findNode,
  nodesOfHost,
  preferredMaster,
  shardsOf,
} from '../../../src/inventory/topology.ts';

const inventories = join(import.meta.dirname, '../../../inventories');

describe('the example inventories are valid', () => {
  test('three hosts: the production of the guide', async () => {
    const inventory = await loadInventory(join(inventories, 'three-hosts.yaml'));
    expect(inventory.nodes.map(({ id, address, busPort }) => `${id} ${address} ${busPort}`)).toEqual([
      'redis1:7000 192.168.1.10 17000',
      'redis2:7001 192.168.1.11 17001',
      'redis3:7002 192.168.1.12 17002',
      'redis1:7003 192.168.1.10 17003',
      'redis2:7004 192.168.1.11 17004',
      'redis3:7005 192.168.1.12 17005',
    ]);
    expect(inventory).toMatchObject({ mode: 'cluster', install: 'package', replicas: 1, production: true });
    expect(inventory.hosts[0]).toMatchObject({ connection: 'ssh', become: true, ssh: { user: 'deploy' } });
  });

  test('local: six nodes on this machine', async () => {
    const inventory = await loadInventory(join(inventories, 'local.yaml'));
    expect(inventory.nodes.map(({ address, port }) => `${address}:${port}`)).toEqual(
      [7000, 7001, 7002, 7003, 7004, 7005].map((port) => `127.0.0.1:${port}`),
    );
    expect(inventory.hosts.map(({ connection }) => connection)).toEqual(['local']);
  });

  test('zones: every shard in two zones', async () => {
    const inventory = await loadInventory(join(inventories, 'zones.yaml'));
    for (const { master, replicas } of shardsOf(inventory)) {
      expect(replicas.map(({ zone }) => zone)).not.toContain(master.zone);
    }
    expect(shardsOf(inventory)).toHaveLength(6);
  });

  test('standalone: one node, no replica', async () => {
    const inventory = await loadInventory(join(inventories, 'standalone.yaml'));
    expect(inventory).toMatchObject({ mode: 'standalone', replicas: 0 });
    expect(inventory.nodes.map(({ id, preferredRole }) => `${id} ${preferredRole}`)).toEqual([
      'local:6379 master',
    ]);
  });

  test('the schema that they name for editors is there', () => {
    for (const name of ['three-hosts', 'local', 'zones', 'standalone']) {
      const [first = ''] = readFileSync(join(inventories, `${name}.yaml`), 'utf8').split('\n');
      const schema = /\$schema=(\S+)/.exec(first)?.[1] ?? '';
      expect(JSON.parse(readFileSync(join(inventories, schema), 'utf8'))).toHaveProperty('properties.hosts');
    }
  });
});

const text = `
cluster: prod
auth: { password: { env: X } }
ssh: { user: deploy, port: 2222 }
become: false
hosts:
  - { name: redis1, address: gateway.example, privateAddress: 10.0.0.1, ports: [7000, 7003], ssh: { port: 2201 } }
  - { name: redis2, address: 10.0.0.2, ports: [7001, 7004], zone: b, become: doas }
  - { name: redis3, address: 10.0.0.3, ports: [7002, 7005], ssh: { user: root } }
`;

describe('what a document stands for', () => {
  const inventory = parseInventory(text, 'prod.yaml');

  test("a host's own settings go before the inventory's", () => {
    expect(inventory.hosts.map(({ ssh, become }) => ({ ssh, become }))).toEqual([
      { ssh: { user: 'deploy', port: 2201 }, become: false },
      { ssh: { user: 'deploy', port: 2222 }, become: 'doas' },
      { ssh: { user: 'root', port: 2222 }, become: false },
    ]);
  });

  test('nodes use the private address', () => {
    expect(inventory.nodes[0]).toMatchObject({ id: 'redis1:7000', address: '10.0.0.1' });
  });

  test('nodes and hosts are found by name and by address', () => {
    expect(findNode(inventory, 'redis1:7003')?.id).toBe('redis1:7003');
    expect(findNode(inventory, '10.0.0.1:7003')?.id).toBe('redis1:7003');
    expect(findNode(inventory, 'redis1:7001')).toBeUndefined();
    expect(findHost(inventory, 'gateway.example')?.name).toBe('redis1');
    expect(nodesOfHost(inventory, 'redis2').map(({ id }) => id)).toEqual(['redis2:7001', 'redis2:7004']);
    expect(nodesOfHost(inventory, 'redis9')).toEqual([]);
  });

  test('a replica knows its preferred master', () => {
    const replica = findNode(inventory, 'redis2:7004');
    expect(replica && preferredMaster(inventory, replica).id).toBe('redis1:7000');
  });

  test('the hash follows the bytes of the file', () => {
    expect(parseInventory(text, 'other.yaml').hash).toBe(inventory.hash);
    expect(parseInventory(`${text}\n`, 'prod.yaml').hash).not.toBe(inventory.hash);
  });
});
