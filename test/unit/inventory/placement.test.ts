import { array, assert, integer, pre, property, record, tuple } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { placeNodes } from '../../../src/inventory/placement.ts';
import type { PlacedHost, PlacedNode, PlacementRequest } from '../../../src/inventory/placement.ts';

describe('placement', () => {
  test('the guide: 7000 to 7002 are masters, 7003 to 7005 replicas on other hosts', () => {
    const hosts = [host('redis1', [7000, 7003]), host('redis2', [7001, 7004]), host('redis3', [7002, 7005])];
    expect(show(place({ hosts, replicas: 1, antiAffinity: 'host' }))).toEqual([
      'redis1:7000 master 1',
      'redis2:7001 master 2',
      'redis3:7002 master 3',
      'redis1:7003 replica 3',
      'redis2:7004 replica 1',
      'redis3:7005 replica 2',
    ]);
  });

  test('a greedy choice of the first free host would fail here', () => {
    const hosts = [host('a', [1, 2]), host('b', [1, 2]), host('c', [1]), host('d', [1])];
    expectAntiAffine(place({ hosts, replicas: 1, antiAffinity: 'host' }), 1);
  });

  test('the replicas of one host are spread over the others', () => {
    const hosts = ['a', 'b', 'c'].map((name) => host(name, [1, 2, 3, 4]));
    const nodes = place({ hosts, replicas: 1, antiAffinity: 'host' });
    const takers = nodes
      .filter(({ preferredRole }) => preferredRole === 'replica')
      .filter(({ shard }) => masterOf(nodes, shard).host === 'a')
      .map((node) => node.host);
    expect(takers.toSorted()).toEqual(['b', 'c']);
  });

  test('zones are kept apart where they can be', () => {
    const hosts = [
      host('a1', [1, 2], 'a'),
      host('a2', [1, 2], 'a'),
      host('b1', [1, 2], 'b'),
      host('b2', [1, 2], 'b'),
    ];
    const nodes = place({ hosts, replicas: 1, antiAffinity: 'host' });
    for (const node of nodes) expect(node.host[0]).not.toBe(counterpart(nodes, node).host[0]);
  });

  test('on one machine without anti-affinity everything fits', () => {
    const nodes = place({ hosts: [host('one', [1, 2, 3, 4, 5, 6])], replicas: 1, antiAffinity: 'none' });
    expect(show(nodes).slice(3)).toEqual(['one:4 replica 1', 'one:5 replica 2', 'one:6 replica 3']);
  });

  test('whenever these masters allow an anti-affine placement, one is found', () => {
    assert(
      property(requests, (request) => {
        const result = placeNodes(request);
        if (result.possible) expectAntiAffine(result.nodes, request.replicas);
        else expect(existsByBruteForce(request)).toBe(false);
      }),
      { numRuns: 400 },
    );
  });

  test('a placement that respects all zones is found whenever there is one', () => {
    assert(
      property(zoned, (request) => {
        const result = placeNodes(request);
        pre(result.possible);
        if (!result.possible || !existsByBruteForce(byZone(request))) return;
        const zones = new Map(request.hosts.map(({ name, zone }) => [name, zone]));
        for (const node of result.nodes.filter(({ preferredRole }) => preferredRole === 'replica')) {
          expect(zones.get(node.host)).not.toBe(zones.get(masterOf(result.nodes, node.shard).host));
        }
      }),
      { numRuns: 300 },
    );
  });

  test('no host ever has more nodes than there are shards when it fails: the message names that host', () => {
    assert(
      property(requests, (request) => {
        const result = placeNodes(request);
        if (result.possible || !result.message.includes('too unevenly')) return;
        const shards = request.hosts.flatMap(({ ports }) => ports).length / (request.replicas + 1);
        expect(Math.max(...request.hosts.map(({ ports }) => ports.length))).toBeGreaterThan(shards);
      }),
      { numRuns: 1000 },
    );
  });

  test('117 nodes on 39 hosts in three zones: every shard has one in each', () => {
    const hosts = Array.from({ length: 39 }, (_, index) => host(`h${index}`, [1, 2, 3], `z${index % 3}`));
    const nodes = place({ hosts, replicas: 2, antiAffinity: 'host' });
    expectAntiAffine(nodes, 2);
    const zones = new Map(hosts.map(({ name, zone }) => [name, zone]));
    for (let shard = 1; shard <= 39; shard++) {
      const members = nodes.filter((node) => node.shard === shard).map((node) => zones.get(node.host));
      expect(new Set(members).size).toBe(3);
    }
  });
});

const requests = record({
  counts: array(integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 6 }),
  replicas: integer({ min: 1, max: 2 }),
})
  .map(({ counts, replicas }): PlacementRequest => ({
    hosts: counts.map((count, index) => host(`h${index}`, numbers(count))),
    replicas,
    antiAffinity: 'host',
  }))
  .filter(({ hosts, replicas }) => hosts.flatMap(({ ports }) => ports).length <= 12 + replicas);

const zoned = tuple(requests, array(integer({ min: 0, max: 2 }), { minLength: 6, maxLength: 6 })).map(
  ([request, zones]): PlacementRequest => ({
    ...request,
    replicas: 1,
    hosts: request.hosts.map((each, index) => ({ ...each, zone: `z${zones[index]}` })),
  }),
);

/**
 * The same request with zones in the place of hosts, to ask whether replicas can stay out of their master's
 * zone.
 */
function byZone(
  request: PlacementRequest,
): PlacementRequest & { readonly together: (name: string) => string } {
  const zones = new Map(request.hosts.map(({ name, zone }) => [name, zone ?? name]));
  return { ...request, together: (name) => zones.get(name) ?? name };
}

/** Tries every assignment of replica ports to shards, the masters being the first columns. */
function existsByBruteForce(
  request: PlacementRequest & { readonly together?: (name: string) => string },
): boolean {
  const together = request.together ?? ((name: string) => name);
  const columns = numbers(4).flatMap((column) =>
    request.hosts.filter(({ ports }) => ports.length >= column).map(({ name }) => together(name)),
  );
  const shards = columns.length / (request.replicas + 1);
  if (!Number.isInteger(shards) || shards < 3) return false;
  const members = columns.slice(0, shards).map((name) => [name]);
  const assign = (rest: readonly string[]): boolean => {
    const [next, ...others] = rest;
    if (next === undefined) return true;
    return members.some((shard) => {
      if (shard.length > request.replicas || shard.includes(next)) return false;
      shard.push(next);
      const works = assign(others);
      shard.pop();
      return works;
    });
  };
  return assign(columns.slice(shards));
}

function expectAntiAffine(nodes: readonly PlacedNode[], replicas: number): void {
  const shards = new Set(nodes.map(({ shard }) => shard));
  expect(shards.size * (replicas + 1)).toBe(nodes.length);
  for (const shard of shards) {
    const members = nodes.filter((node) => node.shard === shard);
    expect(members.filter(({ preferredRole }) => preferredRole === 'master')).toHaveLength(1);
    expect(new Set(members.map((node) => node.host)).size).toBe(replicas + 1);
  }
}

function place(request: PlacementRequest): readonly PlacedNode[] {
  const result = placeNodes(request);
  if (!result.possible) throw new Error(result.message);
  return result.nodes;
}

function host(name: string, ports: readonly number[], zone?: string): PlacedHost {
  return { name, ports, zone };
}

function numbers(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}

function masterOf(nodes: readonly PlacedNode[], shard: number): PlacedNode {
  const master = nodes.find((node) => node.shard === shard && node.preferredRole === 'master');
  if (!master) throw new Error(`shard ${shard} has no master`);
  return master;
}

function counterpart(nodes: readonly PlacedNode[], node: PlacedNode): PlacedNode {
  const other = nodes.find(
    ({ shard, preferredRole }) => shard === node.shard && preferredRole !== node.preferredRole,
  );
  if (!other) throw new Error(`shard ${node.shard} has one node`);
  return other;
}

function show(nodes: readonly PlacedNode[]): readonly string[] {
  return nodes.map((node) => `${node.host}:${node.port} ${node.preferredRole} ${node.shard}`);
}
