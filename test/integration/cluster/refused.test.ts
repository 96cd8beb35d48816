import { afterEach, describe, expect, it } from 'vitest';
import { RefusedError } from '../../../src/base/errors.ts';
import type { Inventory } from '../../../src/inventory/inventory.ts';
import { form, judge, look, send, unfinished } from '../../support/cluster.ts';
import { localInventory } from '../../support/inventory.ts';
import { type StartOptions, type TestNodes, startNodes } from '../../support/redis.ts';
import { until } from '../../support/until.ts';

const ports = [17360, 17361, 17362, 17363, 17364, 17365];
const otherPorts = [17366, 17367, 17368, 17369, 17370, 17371];
const inventory = localInventory(ports, { password: false });
const started: TestNodes[] = [];

async function start(options: StartOptions): Promise<void> {
  started.push(await startNodes(options));
}
afterEach(async () => {
  await Promise.all(started.splice(0).map(({ close }) => close()));
});

/** Everything that forming could change; what nodes say of each other's pings is left out. */
async function stateOf(nodes: Inventory, password?: string): Promise<unknown> {
  const view = await look(nodes, password);
  return view.nodes.map((node) =>
    node.reachable
      ? {
          ...node,
          info: {},
          clusterInfo: node.clusterInfo['cluster_state'],
          nodes: node.nodes.map((line) => ({ ...line, pingSent: 0, pongReceived: 0 })),
        }
      : node,
  );
}

/** Nodes that formed a cluster tell each other a little later that replicas may be elected now. */
const settled = (nodes: Inventory): Promise<void> =>
  until(async () => expect(JSON.stringify(await stateOf(nodes))).not.toContain('nofailover'));

async function expectRefusal(reason: string, of: Inventory = inventory): Promise<void> {
  const before = await stateOf(of);
  await expect(form(of)).rejects.toThrow(RefusedError);
  await expect(form(of)).rejects.toThrow(reason);
  expect(await stateOf(of)).toEqual(before);
}

describe('forming refuses, and changes nothing on any node', () => {
  it('when a bare node holds keys', async () => {
    await start({ ports, config: { 'cluster-require-full-coverage': 'no' } });
    const [, , third] = inventory.nodes;
    await send(third, ['CLUSTER', 'ADDSLOTS', 12_182]);
    await send(third, ['CONFIG', 'SET', 'cluster-node-timeout', 500]);
    await until(() => send(third, ['SET', 'foo', 'bar']));
    await expectRefusal('local:17362: it holds 1 keys and belongs to no cluster');
    await send(third, ['CLUSTER', 'DELSLOTS', 12_182]);
    await expectRefusal('local:17362: it holds 1 keys and belongs to no cluster');
  });

  it('when a node belongs to another cluster', async () => {
    await start({ ports: [...ports.slice(1), ...otherPorts] });
    const other = localInventory(otherPorts, { password: false });
    await form(other);
    await settled(other);
    const mixed = localInventory([...ports.slice(1), otherPorts[5] ?? 0], { password: false });
    await expectRefusal('local:17371: it belongs to a cluster with 127.0.0.1:17366', mixed);
    await judge(other);
    expect(await unfinished(other)).toEqual([]);
  });

  it('when a foreign node was met into the cluster', async () => {
    await start({ ports: [...ports, 17366] });
    await form(inventory);
    await send(inventory.nodes[0], ['CLUSTER', 'MEET', '127.0.0.1', 17_366]);
    await until(() => expectRefusal('local:17365: it belongs to a cluster with 127.0.0.1:17366'));
  });

  it('when a node has another password', async () => {
    await start({ ports: ports.slice(1) });
    await start({ ports: ports.slice(0, 1), password: 'not ours' });
    await expectRefusal('local:17360: it asks for a password and the inventory has none');
  });

  it('when a node is no cluster node', async () => {
    await start({ ports: ports.slice(1) });
    await start({ ports: ports.slice(0, 1), cluster: false });
    await expectRefusal('local:17360: it runs without cluster-enabled');
  });
});

describe('forming fails', () => {
  it('when a node does not run, and changes nothing', async () => {
    await start({ ports: ports.slice(1) });
    const before = await stateOf(inventory);
    await expect(form(inventory)).rejects.toThrow(
      'the cluster cannot form without all its nodes: local:17360',
    );
    expect(await stateOf(inventory)).toEqual(before);
  });
});
