import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keySlot } from '../../../src/cluster/slots.ts';
import { type Member, membersOf } from '../../../src/cluster/shape.ts';
import { form, judge, look, send, unfinished } from '../../support/cluster.ts';
import { localInventory } from '../../support/inventory.ts';
import { type TestNodes, startNodes } from '../../support/redis.ts';
import { until } from '../../support/until.ts';

const ports = [17310, 17311, 17312, 17313, 17314, 17315];
const password = 'p"w \\ $1';
const inventory = localInventory(ports);
const [first, , , fourth] = inventory.nodes;
let servers: TestNodes;

const keys = 4000;
/** µs a key, and how many bytes are read before anybody is answered. */
const slowLoading = ['key-load-delay', 1000, 'loading-process-events-interval-bytes', 1024];

const ownerOf = (key: string, members: readonly Member[]): Member | undefined =>
  members.find(
    ({ role, slots }) => role === 'master' && slots.some(([a, b]) => keySlot(key) >= a && keySlot(key) <= b),
  );

beforeAll(async () => {
  servers = await startNodes({ ports, password });
  await form(inventory, { password });
});
afterAll(() => servers.close());

describe('six nodes, formed', () => {
  it('are what redis-cli calls a cluster, seen from each of them', async () => {
    await judge(inventory, password);
  });

  it('have the roles that the inventory prefers, every replica linked to the master of its shard', async () => {
    const members = membersOf(inventory, await look(inventory, password));
    expect(members.map(({ node, role, linked }) => [node.id, role, linked])).toEqual(
      inventory.nodes.map(({ id, preferredRole }) => [
        id,
        preferredRole,
        preferredRole === 'master' ? undefined : true,
      ]),
    );
    const shardOf = new Map(members.map(({ nodeId, node }) => [nodeId, node.shard]));
    for (const { node, masterId } of members) {
      if (masterId !== undefined) expect(shardOf.get(masterId)).toBe(node.shard);
    }
  });

  it('have their lasting settings back', async () => {
    const { nodes } = await look(inventory, password);
    for (const node of nodes) {
      if (!node.reachable) throw new Error(node.reason);
      expect(node.config).toMatchObject({ 'cluster-node-timeout': '15000', 'repl-diskless-sync-delay': '5' });
    }
  });

  it('have a config epoch of their own, each master', async () => {
    const members = membersOf(inventory, await look(inventory, password));
    const epochs = members.filter(({ role }) => role === 'master').map(({ configEpoch }) => configEpoch);
    expect(new Set(epochs).size).toBe(3);
    expect(epochs).not.toContain(0);
  });

  it('need nothing more', async () => {
    expect(await unfinished(inventory, password)).toEqual([]);
  });

  it('hash keys as we do', async () => {
    for (const key of ['', 'a', '{b}c', 'd{}e', 'ünïcode', 'x'.repeat(1000)]) {
      expect(await send(first, ['CLUSTER', 'KEYSLOT', key], password)).toBe(keySlot(key));
    }
  });
});

describe('a formed cluster that has moved on', () => {
  it('needs nothing after a failover', async () => {
    await send(fourth, ['CLUSTER', 'FAILOVER'], password);
    await until(async () => expect(await send(fourth, ['ROLE'], password)).toContain('master'));
    await until(async () => expect(await unfinished(inventory, password)).toEqual([]));
    await judge(inventory, password);
  });

  it('needs nothing after a reshard', async () => {
    const owners = membersOf(inventory, await look(inventory, password)).filter(
      ({ role }) => role === 'master',
    );
    const [from, to] = owners.map(({ nodeId }) => nodeId);
    const address = `127.0.0.1:${ports[0]}`;
    const parts = ['--cluster-from', from ?? '', '--cluster-to', to ?? '', '--cluster-slots', '16'];
    await promisify(execFile)('redis-cli', ['--cluster', 'reshard', address, ...parts, '--cluster-yes'], {
      env: { ...process.env, REDISCLI_AUTH: password },
    });
    await until(async () => expect(await unfinished(inventory, password)).toEqual([]));
  });

  it('takes a replica back that was reset', async () => {
    const replica = membersOf(inventory, await look(inventory, password)).find(
      ({ role }) => role === 'replica',
    );
    await send(replica?.node, ['CLUSTER', 'RESET', 'SOFT'], password);
    expect(await unfinished(inventory, password)).toContain(`${replica?.node.id} replicate`);
    await form(inventory, { password });
    expect(await unfinished(inventory, password)).toEqual([]);
    await judge(inventory, password);
  });

  it('waits for a replica that is taken back and has much to load, longer than for anything else', async () => {
    const members = membersOf(inventory, await look(inventory, password));
    const owner = ownerOf('kept', members);
    const replica = members.find(({ masterId }) => masterId === owner?.nodeId)?.node;
    const fill = "for i = 1, ARGV[1] do redis.call('SET', KEYS[1] .. i, i) end";
    await send(owner?.node, ['EVAL', fill, 1, '{kept}', keys], password);
    // The master is in the midst of another fork's work, and its copy waits for that.
    await send(owner?.node, ['CONFIG', 'SET', 'rdb-key-save-delay', 500], password);
    await send(owner?.node, ['BGREWRITEAOF'], password);
    await send(replica, ['CLUSTER', 'RESET', 'SOFT'], password);
    await send(replica, ['CONFIG', 'SET', ...slowLoading], password);
    const started = performance.now();
    const told: string[] = [];
    await form(inventory, { password, deadlineMs: 1000, emit: ({ message }) => told.push(message) });
    expect(performance.now() - started).toBeGreaterThan(6000);
    expect(told).toContain(`${replica?.id} waits until its master can fork for its copy`);
    expect(told).toContain(`${replica?.id} loads its data`);
    expect(await unfinished(inventory, password)).toEqual([]);
    await send(replica, ['CONFIG', 'SET', 'key-load-delay', 0], password);
    await send(owner?.node, ['CONFIG', 'SET', 'rdb-key-save-delay', 0], password);
  });

  it('keeps its keys through all this', async () => {
    const owner = ownerOf('kept', membersOf(inventory, await look(inventory, password)));
    await send(owner?.node, ['SET', 'kept', 'yes'], password);
    const replica = membersOf(inventory, await look(inventory, password)).find(
      ({ role }) => role === 'replica',
    );
    await send(replica?.node, ['CLUSTER', 'RESET', 'SOFT'], password);
    await form(inventory, { password });
    expect(await send(owner?.node, ['GET', 'kept'], password)).toBe('yes');
    expect(await unfinished(inventory, password)).toEqual([]);
  });
});
