import type { PlanInput } from '../planning/input.ts';
import type { HostProblem } from './problem.ts';
import type { Requirement } from './requirement.ts';

/**
 * A connection from the host to anywhere may be given a node's port as its own while the node is down; the
 * node then cannot bind it. Ports outside the range of outgoing connections, and reserved ones, are safe.
 */
export const noteOutgoingPorts: Requirement = (input) => {
  const { host, facts } = input;
  const held = heldPorts(input);
  const risky = portsOf(input).filter((port) => isOutgoing(facts.network, port));
  const reserve = [...facts.network.reservedPorts, ...machinePorts(input)].join(',');
  const hint = `As root on ${host.name}: echo net.ipv4.ip_local_reserved_ports=${reserve} >/etc/sysctl.d/99-reserved-ports.conf; sysctl -p /etc/sysctl.d/99-reserved-ports.conf`;
  const problems = held.map((port): HostProblem => ({
    id: 'port-held',
    kind: 'failed',
    host: host.name,
    message: `${host.name}: an outgoing connection has port ${port}, which a node needs`,
    hints: [
      `To see whose it is, as root on ${host.name}: ss -tanp 'sport = :${port}'`,
      `To end it, as root on ${host.name}: ss -K -t 'sport = :${port}'`,
      ...(risky.includes(port) ? [hint] : []),
    ],
  }));
  if (risky.length === 0) return problems;
  const [first, last] = facts.network.outgoingPorts ?? [];
  return [
    ...problems,
    {
      id: 'outgoing-ports',
      kind: 'warning',
      host: host.name,
      message: `${host.name}: ${risky.join(', ')} may be given to outgoing connections (${first} to ${last}) while a node is down, which then cannot start`,
      hints: [hint],
    },
  ];
};

const portsOf = ({ host, inventory }: PlanInput): readonly number[] =>
  host.nodes.flatMap(({ port, busPort }) => (inventory.mode === 'cluster' ? [port, busPort] : [port]));

/** The same of every host that is this machine: one line is pasted for all of them. */
const machinePorts = (input: PlanInput): readonly number[] =>
  input.inventory.hosts
    .filter(
      (host) => host === input.host || (host.connection === 'local' && input.host.connection === 'local'),
    )
    .flatMap((host) => portsOf({ ...input, host }))
    .filter((port) => isOutgoing(input.facts.network, port));

/** Ports that nobody listens on, and that a connection has. */
function heldPorts(input: PlanInput): readonly number[] {
  const { sockets } = input.facts.network;
  const listening = new Set(input.facts.listeners.map(({ port }) => port));
  return portsOf(input).filter(
    (port) =>
      !listening.has(port) &&
      sockets.some((socket) => socket.port === port && socket.state === 'connected' && socket.inode !== '0'),
  );
}

function isOutgoing({ outgoingPorts, reservedPorts }: PlanInput['facts']['network'], port: number): boolean {
  const [first = 1, last = 0] = outgoingPorts ?? [];
  const isReserved = reservedPorts.some((range) => {
    const [from = '', to = from] = range.split('-');
    return Number(from) <= port && port <= Number(to);
  });
  return first <= port && port <= last && !isReserved;
}
