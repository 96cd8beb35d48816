import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import type { Facts } from '../../../src/host/facts.ts';
import type { Gate } from '../../../src/host/gate.ts';
import { portProbes, type ProbeOutcome } from '../../../src/host/probe.ts';
import { requireReachability } from '../../../src/host/requirements/reachability.ts';
import { parseInventory } from '../../../src/inventory/load.ts';
import { mergePatch } from './patch.ts';

const fixtures = new URL('../../fixtures/host/', import.meta.url);
const document: unknown = parse(readFileSync(new URL('plans/inventory.yaml', fixtures), 'utf8'));
const inventory = parseInventory(JSON.stringify(document), '/nowhere/weedgo-redis.yaml');
const bare: Facts = JSON.parse(readFileSync(new URL('facts/debian-12-bare/facts.json', fixtures), 'utf8'));
const firewalled = (...gates: readonly Gate[]): Facts => ({
  ...bare,
  firewall: {
    gates: gates.map((gate) => ({ gate, drops: true, families: [4], rules: [] })),
    limits: {},
    nft: true,
    complete: true,
  },
});

/** All open but what is named, as `redis1>redis2:7001 bus filtered`. */
function problems(shut: readonly string[], listening = true, facts = bare) {
  const results = portProbes(inventory).map((probe) => {
    const line = shut.find((entry) => entry.startsWith(`${probe.from}>${probe.node.id} ${probe.what} `));
    const outcome = (line?.split(' ')[2] ?? 'open') as ProbeOutcome;
    return { ...probe, outcome };
  });
  return requireReachability({
    results,
    isListening: () => listening,
    facts: new Map(inventory.hosts.map(({ name }) => [name, facts])),
  });
}

test('every host tries both ports of every node of the others', () => {
  const probes = portProbes(inventory);
  expect(probes).toHaveLength(3 * 4 * 2);
  expect(probes.filter(({ from }) => from === 'redis1').map(({ port }) => port)).toEqual([
    7001, 17001, 7002, 17002, 7004, 17004, 7005, 17005,
  ]);
});

test('a single node, and nodes on one machine, have nobody to reach', () => {
  const patch = {
    install: 'none',
    hosts: [{ name: 'here', address: '127.0.0.1', ports: [7000, 7001, 7002, 7003, 7004, 7005] }],
    connection: 'local',
    antiAffinity: 'none',
  };
  const local = parseInventory(JSON.stringify(mergePatch(document, patch)), '/nowhere/weedgo-redis.yaml');
  expect(portProbes(local)).toEqual([]);
});

test('a pair with a shut bus is named once, with all its ports', () => {
  expect(problems(['redis1>redis2:7001 bus filtered', 'redis1>redis2:7004 bus filtered'])).toMatchObject([
    {
      id: 'port-unreachable',
      host: 'redis2',
      message:
        'redis1 cannot reach redis2 (192.168.1.11) at bus port 17001, bus port 17004: no answer: a firewall drops it, or there is no way back',
    },
  ]);
});

test('refused means shut only where something listens', () => {
  expect(problems(['redis1>redis2:7001 client refused'], false)).toEqual([]);
  expect(problems(['redis1>redis2:7001 client refused'])).toMatchObject([
    { message: expect.stringContaining('refused, though the node listens') },
  ]);
  expect(problems(['redis3>redis1:7000 bus unreachable'], false)).toHaveLength(1);
  expect(problems(['redis3>redis1:7000 bus unknown'])).toEqual([]);
});

test("the command that opens it is that of the host's own firewall, and opens it to the one peer", () => {
  const shut = ['redis1>redis2:7001 bus filtered', 'redis1>redis2:7004 bus filtered'];
  const hints = (...gates: readonly Gate[]) => problems(shut, true, firewalled(...gates))[0]?.hints;
  expect(hints({ tool: 'ufw' })).toEqual([
    'As root on redis2: ufw allow proto tcp from 192.168.1.10 to any port 17001,17004',
  ]);
  expect(hints({ tool: 'firewalld', zone: 'internal' })).toEqual([
    "As root on redis2: for port in 17001 17004; do for keep in '' --permanent; do firewall-cmd $keep --zone=internal " +
      '--add-rich-rule="rule family=ipv4 source address=192.168.1.10 port port=$port protocol=tcp accept"; done; done',
  ]);
  expect(
    hints(
      { tool: 'nft', family: 'inet', table: 'filter', chain: 'input' },
      { tool: 'iptables', program: 'iptables-legacy' },
    ),
  ).toEqual([
    'As root on redis2: nft insert rule inet filter input ip saddr 192.168.1.10 tcp dport { 17001, 17004 } accept',
    'Keep it for the next boot as well: what nftables (inet filter input) has now is gone then.',
    'As root on redis2: iptables-legacy -I INPUT -s 192.168.1.10 -p tcp -m multiport --dports 17001,17004 -j ACCEPT',
    'Keep it for the next boot as well: what iptables-legacy (INPUT) has now is gone then.',
  ]);
  expect(hints()?.join()).toContain('the network between them');
});

test('large packets that are lost are no matter of a firewall', () => {
  const narrow = problems(['redis1>redis2:7001 client narrow'], true, firewalled({ tool: 'ufw' }));
  expect(narrow.map(({ id, message }) => [id, message])).toEqual([
    [
      'large-packets',
      'redis1 reaches redis2 (192.168.1.11) with small packets alone: large ones are lost on the way',
    ],
  ]);
  expect(narrow[0]?.hints.join()).not.toContain('ufw');
});
