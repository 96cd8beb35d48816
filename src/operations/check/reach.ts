import { whileListening } from '../../host/listen.ts';
import { type PortProbe, portProbes, probePorts, type ProbeResult } from '../../host/probe.ts';
import { isShut, requireReachability } from '../../host/requirements/reachability.ts';
import type { Host } from '../../inventory/inventory.ts';
import type { Observation } from '../../observation/observe.ts';
import type { Session } from '../../session/session.ts';
import { type CheckLine, lineFrom } from './lines.ts';

/** What every host's attempts at the others' ports came to. */
export type Reach = {
  readonly results: readonly ProbeResult[];
  /** Somebody listened when it was tried: then being refused is a firewall's doing. */
  readonly isListening: (node: string, port: number) => boolean;
};

/** Tries every port from every other host, while the facts are being read. */
export const tryPorts = ({ shells, inventory, signal }: Session): Promise<readonly ProbeResult[]> =>
  probePorts(shells, portProbes(inventory), signal);

/**
 * Where a firewall might be what refuses, and no node listens yet, it is tried once more with somebody
 * listening. Elsewhere being refused proves that the port is open: the host itself said no.
 */
export async function makeSure(
  session: Session,
  observation: Observation,
  results: readonly ProbeResult[],
): Promise<Reach> {
  const doubtful = results.filter(
    ({ outcome, node }) =>
      outcome === 'refused' && !isRunning(observation, node.id) && hasFirewall(observation, node.host),
  );
  const hosts = [...new Set(doubtful.map(({ node }) => node.host))];
  const again = await Promise.all(
    hosts.map((host) =>
      tryListening(
        session,
        host,
        doubtful.filter(({ node }) => node.host === host),
      ),
    ),
  );
  const newer = new Map(again.flat().map((result) => [keyOf(result), result]));
  const listened = new Set(again.flat().map(({ node, port }) => `${node.id} ${port}`));
  return {
    results: results.map((result) => newer.get(keyOf(result)) ?? result),
    isListening: (node, port) => isRunning(observation, node) || listened.has(`${node} ${port}`),
  };
}

async function tryListening(
  { shells, signal }: Session,
  host: string,
  probes: readonly PortProbe[],
): Promise<readonly ProbeResult[]> {
  const shell = shells.get(host);
  if (!shell) return [];
  const places = new Map(probes.map(({ node, port }) => [port, { address: node.address, port }]));
  return whileListening(shell, [...places.values()], (listening) =>
    listening ? probePorts(shells, probes, signal) : Promise.resolve([]),
  );
}

const keyOf = ({ from, node, port }: PortProbe): string => `${from} ${node.id} ${port}`;

const hasFirewall = ({ facts }: Observation, host: string): boolean =>
  facts.get(host)?.firewall.gates.some(({ drops }) => drops) === true;

const isRunning = ({ facts }: Observation, id: string): boolean =>
  [...facts.values()].some(({ processes }) => processes[id] !== undefined);

/**
 * Whether every peer reaches this host's ports. What a firewall of its own has to do with it is another line,
 * which has the rules to add; `willOpen`: provision adds them.
 */
export function reachLines(
  host: Host,
  observation: Observation,
  { reach, willOpen }: { readonly reach: Reach; readonly willOpen: boolean },
): readonly CheckLine[] {
  const toHost = reach.results.filter(({ node }) => node.host === host.name);
  if (toHost.length === 0) return [];
  const problems = requireReachability({ ...reach, results: toHost, facts: observation.facts }).map(
    (problem) => ({
      ...problem,
      message: problem.message.replace(
        `cannot reach ${host.name} (${host.privateAddress}) at `,
        'cannot reach ',
      ),
    }),
  );
  const isNarrow = problems.some(({ id }) => id === 'large-packets');
  if (problems.length === 0 || isNarrow || !hasFirewall(observation, host.name)) {
    return [lineFrom('peers', problems, () => describeReach(toHost))];
  }
  const shut = toHost.filter((result) => isShut(result, reach.isListening));
  return [
    {
      check: 'peers',
      outcome: willOpen ? 'warning' : 'failed',
      detail: `${listOf(shut.map(({ from }) => from))} cannot reach ${listOf(shut.map(({ port }) => port).toSorted((one, other) => one - other))}`,
      hints: [],
    },
  ];
}

const listOf = (values: readonly (string | number)[]): string => [...new Set(values)].join(', ');

function describeReach(results: readonly ProbeResult[]): string {
  const open = results.filter(({ outcome }) => outcome === 'open').length;
  const unknown = results.filter(({ outcome }) => outcome === 'unknown').length;
  if (open === results.length) return 'all ports open to every other host';
  if (unknown > 0)
    return `${unknown} of ${results.length} ports could not be tried: bash and timeout are needed, and root for bus ports that are limited`;
  return `no port is shut; ${results.length - open} of ${results.length} have no listener yet`;
}
