import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../../src/base/errors.ts';
import { parseInventory } from '../../../src/inventory/load.ts';
import {
  askInventory,
  buildInventory,
  parseInitHost,
  resolveInitHosts,
  writeInventory,
} from '../../../src/operations/init/init.ts';

describe('a host as ssh takes it', () => {
  const cases: readonly (readonly [
    text: string,
    user: string | undefined,
    address: string,
    port: number | undefined,
  ])[] = [
    ['10.0.0.1', undefined, '10.0.0.1', undefined],
    ['deploy@10.0.0.1', 'deploy', '10.0.0.1', undefined],
    ['deploy@redis1.example:2222', 'deploy', 'redis1.example', 2222],
    ['fd00::1', undefined, 'fd00::1', undefined],
    ['root@fd00::1', 'root', 'fd00::1', undefined],
    ['root@[fd00::1]:22', 'root', 'fd00::1', 22],
  ];
  test.each(cases)('%s', (text, user, address, port) => {
    expect(parseInitHost(text)).toEqual({ user, address, port, privateAddress: undefined });
  });

  test.each(['', 'a b', '@host', 'user@', 'host:', 'host:0', 'host:70000', 'a@b@c', '[fd00::1', '[host]:22'])(
    'not: "%s"',
    (text) => {
      expect(() => parseInitHost(text)).toThrow(`"${text}" is not a host`);
    },
  );
});

describe('the inventory that is written', () => {
  test('three hosts: the production of the guide, with comments and a schema', () => {
    const text = build('deploy@10.0.0.1', 'deploy@10.0.0.2', 'deploy@10.0.0.3');
    expect(text.split('\n')[0]).toBe('# yaml-language-server: $schema=/schema.json');
    const inventory = parseInventory(text, 'new.yaml');
    expect(inventory.nodes.map(({ id, preferredRole }) => `${id} ${preferredRole}`)).toEqual([
      'redis1:7000 master',
      'redis2:7001 master',
      'redis3:7002 master',
      'redis1:7003 replica',
      'redis2:7004 replica',
      'redis3:7005 replica',
    ]);
    expect(inventory.hosts.map(({ ssh }) => ssh)).toEqual([
      { user: 'deploy' },
      { user: 'deploy' },
      { user: 'deploy' },
    ]);
    expect(text.match(/user: "deploy"/g)).toHaveLength(1);
  });

  test.each([1, 2, 3, 4, 5, 12])('%d hosts make a valid inventory', (count) => {
    const hosts = Array.from({ length: count }, (_, index) => `10.0.0.${index + 1}`);
    const inventory = parseInventory(build(...hosts), 'new.yaml');
    expect(inventory.nodes.length).toBe(Math.max(6, 2 * count));
  });

  test('hosts with settings of their own keep them', () => {
    const inventory = parseInventory(build('a@10.0.0.1:2201', 'b@10.0.0.2', '10.0.0.3'), 'new.yaml');
    expect(inventory.hosts.map(({ ssh }) => ssh)).toEqual([{ user: 'a', port: 2201 }, { user: 'b' }, {}]);
  });

  test('a name gets the address that it has, for the nodes', async () => {
    const hosts = await resolveInitHosts([parseInitHost('localhost')]);
    expect(hosts[0]?.privateAddress).toMatch(/^(127\.0\.0\.1|::1)$/);
    const inventory = parseInventory(
      buildInventory({ cluster: 'dev', hosts, schema: '/schema.json' }),
      'new.yaml',
    );
    expect(inventory.hosts[0]).toMatchObject({
      address: 'localhost',
      privateAddress: hosts[0]?.privateAddress,
    });
    await expect(resolveInitHosts([parseInitHost('no-such-host.invalid')])).rejects.toThrow(
      'cannot be resolved',
    );
  });

  test('what cannot become an inventory is refused', () => {
    expect(() => build()).toThrow('no host was named');
    expect(() => build('10.0.0.1', '10.0.0.1', '10.0.0.2')).toThrow('is also the address of redis1');
    const hosts = [parseInitHost('10.0.0.1')];
    expect(() => buildInventory({ cluster: 'A: b', hosts, schema: '/schema.json' })).toThrow(
      'cluster: "A: b"',
    );
  });

  test('never goes over a file that is there', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'weedgo-init-'));
    const file = join(folder, 'weedgo-redis.yaml');
    await writeInventory(file, 'first');
    await expect(writeInventory(file, 'second')).rejects.toBeInstanceOf(UsageError);
    expect(await readFile(file, 'utf8')).toBe('first');
    await rm(folder, { recursive: true });
  });
});

describe('asking', () => {
  test('until an empty answer', async () => {
    const answers = ['', 'deploy@10.0.0.1', '10.0.0.2', ''];
    const prompter = { interactive: true, ask: async () => answers.shift() };
    const { cluster, hosts } = await askInventory(prompter, { cluster: undefined });
    expect(cluster).toBe('weedgo-redis');
    expect(hosts.map(({ address }) => address)).toEqual(['10.0.0.1', '10.0.0.2']);
  });

  test('not without a terminal', async () => {
    const prompter = { interactive: false, ask: async () => undefined };
    await expect(askInventory(prompter, { cluster: 'prod' })).rejects.toThrow('name every host with --host');
  });
});

function build(...hosts: readonly string[]): string {
  return buildInventory({ cluster: 'prod', hosts: hosts.map(parseInitHost), schema: '/schema.json' });
}
