import type { Check, Finding } from '../check.ts';
import type { CheckInput } from '../input.ts';
import { consequencesOf } from '../consequences.ts';
import { byHand, ours } from '../remedy.ts';
import { standingOf, takeoverOf } from '../takeovers.ts';
import type { Standing } from '../takeovers.ts';
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
      // What restores service comes first: the host may be away for long.
      ...nodes.flatMap((node) => takeoverOf(input, topology, node)),
      byHand(`see that ${name} is on, on the network, and that its sshd can be reached from here; then`),
      ours(input.inventory, 'start'),
    ],
  };
}

/** The way to the host may be cut from here while the cluster's is not: the other nodes know. */
function peersSay(topology: Topology, nodes: readonly string[]): string {
  const known = nodes.flatMap((node) => topology.byNode.get(node) ?? []);
  const named = (standing: Standing): readonly string[] =>
    known.filter((member) => standingOf(topology, member) === standing).map(({ node }) => node.id);
  const [failed, suspected, alive] = [named('failed'), named('suspected'), named('alive')];
  const said = [
    ...(failed.length > 0 ? [`the cluster has marked ${joinNames(failed)} as failed`] : []),
    ...(suspected.length > 0 ? [`other nodes get no answer from ${joinNames(suspected)} (fail?)`] : []),
    ...(alive.length > 0 ? [countsAlive(alive, known.length)] : []),
  ];
  return said.length > 0 ? said.join('; ') : 'no other node answers that knows its nodes';
}

const countsAlive = (alive: readonly string[], known: number): string =>
  alive.length === known
    ? 'the cluster still counts its nodes as alive'
    : `the cluster still counts ${joinNames(alive)} as alive`;
