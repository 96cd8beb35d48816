import { portProbes, probePorts, type ProbeResult } from '../../host/probe.ts';
import { requireClocks } from '../../host/requirements/clock.ts';
import { requireReachability } from '../../host/requirements/reachability.ts';
import type { Host } from '../../inventory/inventory.ts';
import { observe, type Observation } from '../observe.ts';
import { planInputs } from '../provision/plan.ts';
import type { Session } from '../session.ts';
import { connectionLines } from './connection.ts';
import { type CheckLine, hostLines, lineFrom } from './lines.ts';

export type CheckReport = {
  readonly cluster: string;
  /** No line failed. */
  readonly passed: boolean;
  readonly hosts: readonly {
    readonly host: string;
    readonly address: string;
    readonly lines: readonly CheckLine[];
  }[];
};

/**
 * The preflight alone: how far every host is from being provisioned. Changes nothing and throws nothing for a host
 * that cannot be reached: that is one of its lines. The session was opened with privilege `try`.
 */
export async function checkHosts(session: Session): Promise<CheckReport> {
  const { inventory, shells, signal } = session;
  const [observation, probes] = await Promise.all([
    observe(session, { askPackages: true }),
    probePorts(shells, portProbes(inventory), signal),
  ]);
  const hosts = inventory.hosts.map((host) => ({
    host: host.name,
    address: host.address,
    lines: linesOf(session, host, { observation, probes }),
  }));
  const passed = hosts.every(({ lines }) =>
    lines.every(({ outcome }) => outcome !== 'failed' && outcome !== 'unknown'),
  );
  return { cluster: inventory.cluster, passed, hosts };
}

type Seen = { readonly observation: Observation; readonly probes: readonly ProbeResult[] };

function linesOf(session: Session, host: Host, { observation, probes }: Seen): readonly CheckLine[] {
  const { facts, failures } = observation;
  const connection = connectionLines(host, session.shells.get(host.name), failures.get(host.name));
  const input = planInputs({ ...session, observation }).get(host.name);
  if (!input) return connection;
  const clocks = requireClocks([...facts].map(([name, { clock }]) => ({ host: name, clock })));
  return [...connection, ...hostLines(input, clocks), ...reachLines(host, { observation, probes })];
}

/** Whether every peer reaches this host's ports; a port that nobody listens on yet says nothing unless it is dropped. */
function reachLines(host: Host, { observation, probes }: Seen): readonly CheckLine[] {
  const toHost = probes.filter(({ node }) => node.host === host.name);
  if (toHost.length === 0) return [];
  const isListening = (id: string): boolean => isRunning(observation, id);
  const problems = requireReachability({ results: toHost, isListening, facts: observation.facts });
  return [lineFrom('peers', problems, () => describeReach(toHost))];
}

const isRunning = ({ facts }: Observation, id: string): boolean =>
  [...facts.values()].some(({ processes }) => processes[id] !== undefined);

function describeReach(results: readonly ProbeResult[]): string {
  const open = results.filter(({ outcome }) => outcome === 'open').length;
  if (open === results.length) return 'client and bus ports open from every other host';
  return `${open} of ${results.length} ports answer from the other hosts; nothing is dropped, the rest do not listen yet`;
}
