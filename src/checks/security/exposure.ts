import type { Inventory, Node } from '../../inventory/inventory.ts';
import type { Facts, Listener } from '../../host/facts.ts';
import type { Check, Finding } from '../check.ts';
import type { CheckInput } from '../input.ts';
import { wantedOf } from '../configuration/drift.ts';
import { ours } from '../remedy.ts';
import { titled } from '../shared.ts';
import { joinNames } from '../text.ts';
import type { Topology } from '../topology.ts';

/** What a node can be reached at: protected mode, and the addresses it really listens on. */
export const exposure: Check = {
  name: 'exposure',
  section: 'security',
  run: (input, topology) => [...unprotected(input, topology), ...listening(input)],
};

function unprotected({ inventory }: CheckInput, { reachable }: Topology): readonly Finding[] {
  return reachable
    .filter(({ config }) => config['protected-mode'] === 'no')
    .map(({ node }) => ({
      id: 'WR-PROTECTED-MODE',
      severity: 'warning',
      ...titled(node, '{} {is|are} not in protected mode'),
      nodes: [node],
      hosts: [],
      seen: 'protected-mode no',
      expected: 'protected-mode yes',
      why: 'Should the password ever be missing, nothing else keeps strangers out.',
      remedy: [ours(inventory, 'provision')],
    }));
}

function listening(input: CheckInput): readonly Finding[] {
  const wanted = wantedOf(input);
  return input.inventory.hosts.flatMap(({ name, nodes }) => {
    const facts = input.hosts[name];
    if (!facts?.reachable) return [];
    return nodes.flatMap((node) => {
      const bind = wanted[node.id]?.['bind']?.flat() ?? [];
      const extra = bind.length === 0 ? [] : strayListeners(facts.facts, node, bind);
      return extra.length === 0 ? [] : [exposed(input.inventory, node, { extra, bind })];
    });
  });
}

/** Sockets of the node's own process on addresses that it should not listen on. */
function strayListeners(
  { listeners, processes }: Facts,
  { id, port, busPort }: Node,
  bind: readonly string[],
): readonly Listener[] {
  const pid = processes[id]?.pid;
  const allowed = new Set(bind.map((address) => address.replace(/^-/, '')));
  return listeners.filter(
    (listener) =>
      [port, busPort].includes(listener.port) &&
      // On one machine another node may have the same port at another address.
      (listener.pid === undefined || listener.pid === pid) &&
      !allowed.has(listener.address),
  );
}

function exposed(
  inventory: Inventory,
  node: Node,
  { extra, bind }: { readonly extra: readonly Listener[]; readonly bind: readonly string[] },
): Finding {
  const isAny = extra.some(({ address }) => address === '0.0.0.0' || address === '::');
  return {
    id: 'WR-LISTEN-WIDE',
    severity: isAny ? 'critical' : 'warning',
    ...titled(
      node.id,
      isAny
        ? '{} {listens on every address of its host|listen on every address of their hosts}'
        : '{} {listens on more addresses than it|listen on more addresses than they} should',
    ),
    nodes: [node.id],
    hosts: [],
    seen: `listens on ${joinNames(extra.map(({ address, port }) => `${address} port ${port}`))}`,
    expected: `only ${joinNames(bind.map((address) => address.replace(/^-/, '')))}`,
    why: 'The bus has no authentication of its own: anyone who reaches its port can join the cluster.',
    remedy: [ours(inventory, 'provision')],
  };
}
