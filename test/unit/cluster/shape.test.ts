import { describe, expect, it } from 'vitest';
import { agreementOf } from '../../../src/cluster/agreement.ts';
import { membersOf, shardsOf, standsAt, unownedSlots } from '../../../src/cluster/shape.ts';
import { idOf, sixNodes, viewOf, type PlanCase } from './scene.ts';

const inventory = sixNodes();
const shapeOf = (nodes: PlanCase['nodes'] = {}): unknown =>
  shardsOf(inventory, viewOf(inventory, { start: 'formed', nodes })).map(({ number, master, replicas }) => [
    number,
    master.node.id,
    ...replicas.map(({ node }) => node.id),
  ]);

describe('shards', () => {
  it('are as the inventory prefers them at first', () => {
    expect(shapeOf()).toEqual([
      [1, 'redis1:7000', 'redis2:7004'],
      [2, 'redis2:7001', 'redis3:7005'],
      [3, 'redis3:7002', 'redis1:7003'],
    ]);
  });

  it('follow a failover, from the moment that the new master says so itself', () => {
    const failover = {
      'redis2:7004': { master: true, slots: '0-5460', epoch: 7 },
      'redis1:7000': { replicaOf: 'redis2:7004' },
      'redis3:7002': { believes: { 'redis2:7004': { replicaOf: 'redis1:7000', slots: '' } } },
    };
    expect(shapeOf(failover)).toContainEqual([1, 'redis2:7004', 'redis1:7000']);
  });

  it('leave out a master that has nothing', () => {
    expect(shapeOf({ 'redis2:7004': { master: true, slots: '' } })).toContainEqual([1, 'redis1:7000']);
    const emptied = { 'redis1:7000': { slots: '' }, 'redis2:7004': { replicaOf: 'redis2:7001' } };
    expect(shapeOf(emptied)).toEqual([
      [2, 'redis2:7001', 'redis2:7004', 'redis3:7005'],
      [3, 'redis3:7002', 'redis1:7003'],
    ]);
  });

  it('have an unreachable node where the peer with the newest epoch has it', () => {
    const view = viewOf(inventory, {
      start: 'formed',
      nodes: {
        'redis1:7000': { failure: 'refused', flags: 'fail', slots: '' },
        'redis2:7004': { master: true, slots: '0-5460', epoch: 7 },
        'redis2:7001': {
          believes: {
            'redis1:7000': { slots: '0-5460' },
            'redis2:7004': { replicaOf: 'redis1:7000', slots: '', epoch: 1 },
          },
        },
      },
    });
    const members = membersOf(inventory, view);
    expect(members.find(({ node }) => node.id === 'redis1:7000')).toMatchObject({
      source: 'peers',
      role: 'master',
      slots: [],
      linked: undefined,
    });
    expect(unownedSlots(members)).toEqual([]);
  });

  it("tell a replica's own link", () => {
    const members = membersOf(
      inventory,
      viewOf(inventory, { start: 'formed', nodes: { 'redis2:7004': { link: 'down' } } }),
    );
    expect(members.map(({ linked }) => linked)).toEqual([undefined, undefined, undefined, true, false, true]);
  });
});

describe('a node', () => {
  it('stands at its address, however that is written', () => {
    const [node] = sixNodes().nodes;
    const [line] = viewOf(inventory, { start: 'formed' }).nodes.flatMap((view) =>
      view.reachable ? view.nodes : [],
    );
    if (!node || !line) throw new Error('no node');
    expect(standsAt(line, node)).toBe(true);
    expect(standsAt({ ...line, port: 7001 }, node)).toBe(false);
    expect(standsAt({ ...line, ip: 'fd00::1' }, { ...node, address: 'FD00:0:0:0:0:0:0:1' })).toBe(true);
    expect(standsAt({ ...line, ip: '' }, node)).toBe(false);
  });
});

describe('agreement', () => {
  it('is one party without a word more', () => {
    const agreement = agreementOf(viewOf(inventory, { start: 'formed' }));
    expect(agreement).toEqual({ parties: [inventory.nodes.map(({ id }) => id)], disagreements: [] });
  });

  it('says who says what of whom', () => {
    const view = viewOf(inventory, {
      start: 'formed',
      nodes: {
        'redis3:7005': { believes: { 'redis2:7004': { replicaOf: 'redis2:7001' } } },
        'redis3:7002': { knows: ['redis1:7000', 'redis2:7001', 'redis1:7003', 'redis2:7004'] },
      },
    });
    const { parties, disagreements } = agreementOf(view);
    expect(parties).toEqual([
      ['redis1:7000', 'redis2:7001', 'redis1:7003', 'redis2:7004'],
      ['redis3:7002'],
      ['redis3:7005'],
    ]);
    expect(disagreements).toEqual([
      {
        nodeId: idOf('redis2:7004'),
        node: 'redis2:7004',
        aspect: 'role',
        own: 'replica of redis1:7000',
        claims: [
          {
            value: 'replica of redis1:7000',
            by: ['redis1:7000', 'redis2:7001', 'redis3:7002', 'redis1:7003', 'redis2:7004'],
          },
          { value: 'replica of redis2:7001', by: ['redis3:7005'] },
        ],
      },
      {
        nodeId: idOf('redis3:7005'),
        node: 'redis3:7005',
        aspect: 'membership',
        own: 'known',
        claims: [
          { value: 'known', by: ['redis1:7000', 'redis2:7001', 'redis1:7003', 'redis2:7004', 'redis3:7005'] },
          { value: 'unknown', by: ['redis3:7002'] },
        ],
      },
    ]);
  });

  it('takes no notice of handshakes', () => {
    const nodes = { 'redis3:7002': { handshakes: ['10.9.9.9:7000'] } };
    expect(agreementOf(viewOf(inventory, { start: 'formed', nodes })).parties).toHaveLength(1);
  });
});
