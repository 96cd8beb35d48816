import type { Node } from '../../inventory/inventory.ts';
import type { Facts, Listener } from '../facts.ts';
import type { PlanInput } from '../planning/input.ts';
import { obstructions } from '../planning/masks.ts';
import type { HostProblem } from './problem.ts';
import type { Requirement } from './requirement.ts';

/** Every node's port and bus port is free, or the node's own. Else the message names the other process. */
export const requirePorts: Requirement = (input) => {
  const theDistributions = new Set(obstructions(input).map(({ listener }) => listener.pid));
  return input.host.nodes.flatMap((node) => {
    const ports = input.inventory.mode === 'cluster' ? [node.port, node.busPort] : [node.port];
    const taken = ports.flatMap((port) => conflict(input.facts, node, port) ?? []);
    return taken
      .filter(({ pid }) => pid === undefined || !theDistributions.has(pid))
      .map((listener) => inUse(input, node, listener));
  });
};

/**
 * The distribution's own server is in the way and holds keys, or will not say: stopping it is not ours to
 * decide.
 */
export const requireNoForeignData: Requirement = (input) =>
  obstructions(input)
    .filter(({ keys }) => keys !== 0)
    .map(({ unit, listener, keys }) => ({
      id: 'foreign-server',
      kind: 'refused',
      host: input.host.name,
      message:
        `${input.host.name}: ${unit} has port ${listener.port}, which a node needs, ` +
        (keys === undefined ? 'and does not say whether it holds keys' : `and holds ${keys} keys`),
      hints: [
        'Give the nodes other ports in the inventory, or',
        `when its data is not needed, as root on ${input.host.name}: systemctl disable --now ${unit}`,
      ],
    }));

/** A server of the distribution's on other ports is no obstacle, but somebody should know of it. */
export const noteOtherServers: Requirement = ({ host, facts }) => {
  const listening = new Set(facts.listeners.map(({ pid }) => pid));
  return Object.entries(facts.foreignServers)
    .filter(([, { pid }]) => !listening.has(pid))
    .map(([unit]) => ({
      id: 'other-server',
      kind: 'warning',
      host: host.name,
      message: `${host.name}: ${unit} runs there too; it is not part of this cluster and left alone`,
      hints: [`When it is not needed, as root on ${host.name}: systemctl disable --now ${unit}`],
    }));
};

/** The first socket of another process that the node's own would collide with. */
function conflict(facts: Facts, node: Node, port: number): Listener | undefined {
  const addresses = new Set(['0.0.0.0', '::', '127.0.0.1', '::1', node.address]);
  const own = facts.processes[node.id]?.pid;
  return facts.listeners.find(
    (listener) =>
      listener.port === port &&
      addresses.has(listener.address) &&
      (own === undefined || listener.pid !== own),
  );
}

function inUse({ host }: PlanInput, node: Node, { port, address, pid, process }: Listener): HostProblem {
  const who = process === undefined ? 'another process' : `${process} (pid ${pid})`;
  const what = port === node.busPort ? `its bus port ${port}` : `its port ${port}`;
  return {
    id: 'port-in-use',
    kind: 'failed',
    host: host.name,
    node: node.id,
    message: `${node.id}: ${what} is in use by ${who} on ${address}`,
    hints: [
      process === undefined
        ? `To see whose it is, as root on ${host.name}: ss -ltnp 'sport = :${port}'`
        : `Stop ${process} on ${host.name}, or give the node another port in the inventory.`,
    ],
  };
}
