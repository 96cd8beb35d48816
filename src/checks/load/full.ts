import type { UnreachableView } from '../../cluster/view.ts';
import type { Inventory } from '../../inventory/inventory.ts';
import { findNode } from '../../inventory/topology.ts';
import type { Finding } from '../check.ts';
import type { CheckInput } from '../input.ts';
import { byHand, onHost, ours } from '../remedy.ts';
import { count, joinNames } from '../text.ts';

/** A node that accepts no more connections: it runs and serves those that it has. */
export function full(
  { node, reason }: UnreachableView,
  { inventory, connections }: CheckInput,
): Omit<Finding, 'nodes' | 'hosts' | 'expected'> {
  const peers = new Set(inventory.nodes.map(({ address }) => address));
  const held = connections[node] ?? [];
  const strangers = held.filter(({ address }) => !peers.has(address));
  // Where all come from the cluster's own hosts, applications run there.
  const meant = (strangers.length > 0 ? strangers : held).slice(0, 5);
  const told = meant.map((each) => `${count(each.count, 'connection')} from ${each.address}`);
  const from = meant.map(({ address }) => address);
  return {
    id: 'WR-CLIENTS-FULL',
    severity: 'critical',
    title: `${node} accepts no more connections`,
    seen: [reason, ...(told.length > 0 ? [joinNames(told)] : [])].join('; '),
    why: 'New clients, a replica that has lost its link, and the operator are turned away until others leave.',
    remedy: makeRoom(node, inventory, { from, strangers: strangers.map(({ address }) => address) }),
  };
}

/** The operator's to stop; connections of strangers are ended on the host, where root can. */
function makeRoom(
  node: string,
  inventory: Inventory,
  { from, strangers }: { readonly from: readonly string[]; readonly strangers: readonly string[] },
): readonly string[] {
  const known = findNode(inventory, node);
  const isRemote = inventory.hosts.some(
    ({ name, connection }) => name === known?.host && connection === 'ssh',
  );
  const where = from.length > 0 ? ` at ${joinNames(from)}` : '';
  return [
    byHand(`stop the program${where} that opens so many connections, or make its pool smaller`),
    ...strangers
      .slice(0, 5)
      .flatMap((address) =>
        known && isRemote
          ? [
              onHost(
                inventory,
                known.host,
                `ss -K -t state established dst ${address} sport = :${known.port}`,
              ),
            ]
          : [],
      ),
    byHand(`if so many are needed: in ${inventory.file}, raise config.maxclients`),
    ours(inventory, 'provision'),
  ];
}
