import type { Check, CheckInput, Finding } from '../check.ts';
import { consequencesOf } from '../consequences.ts';
import { byHand, ours } from '../remedy.ts';
import { joinNames } from '../text.ts';
import type { Topology } from '../topology.ts';

/** Hosts that cannot be reached; their nodes are spoken for here and nowhere else. */
export const hosts: Check = {
  name: 'hosts reachable',
  section: 'cluster',
  run: (input, topology) =>
    input.inventory.hosts.flatMap(({ name }) => {
      const host = input.hosts[name];
      return host && !host.reachable ? [unreachable(input, topology, { name, reason: host.reason })] : [];
    }),
};

function unreachable(
  input: CheckInput,
  topology: Topology,
  { name, reason }: { readonly name: string; readonly reason: string },
): Finding {
  const nodes = input.inventory.nodes.filter(({ host }) => host === name).map(({ id }) => id);
  return {
    id: 'WR-HOST-UNREACHABLE',
    // A drained host may be rebooted: it is missed less.
    severity: input.pending.drained[name] === undefined ? 'critical' : 'warning',
    title: `${name} cannot be reached`,
    nodes,
    hosts: [name],
    seen: [reason, peersSay(topology, nodes), ...consequencesOf(topology, nodes)].join('; '),
    expected: 'every host of the inventory answers',
    why: 'Nothing on this host could be checked, and what runs there may be down.',
    remedy: [
      byHand(`see that ${name} is on, on the network, and that its sshd can be reached from here`),
      ours(input.inventory, 'check'),
      ours(input.inventory, 'start'),
    ],
  };
}

/** Our way to the host may be cut while the cluster's is not: the others know. */
function peersSay({ byNode }: Topology, nodes: readonly string[]): string {
  const known = nodes.flatMap((node) => byNode.get(node) ?? []);
  const failed = known.filter(({ failedBy }) => failedBy.length > 0);
  if (known.length === 0) return 'no other node knows its nodes';
  if (failed.length === 0) return 'the cluster still counts its nodes as alive';
  return `the cluster has marked ${joinNames(failed.map(({ node }) => node.id))} as failed`;
}
