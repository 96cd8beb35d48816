import { requireClocks } from '../../host/requirements/clock.ts';
import { lacksAddress } from '../../host/requirements/address.ts';
import type { Host } from '../../inventory/inventory.ts';
import { observe, type Observation } from '../../observation/observe.ts';
import { planInputs } from '../../observation/plan-inputs.ts';
import type { Session } from '../../session/session.ts';
import { connectionLines } from './connection.ts';
import { firewallLine, willOpen } from './firewall.ts';
import { type CheckLine, hostLines } from './lines.ts';
import { makeSure, type Reach, reachLines, tryPorts } from './reach.ts';

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
 * The preflight alone: how far every host is from being provisioned. Changes nothing and throws nothing for a
 * host that cannot be reached: that is one of its lines. The session was opened with privilege `try`.
 */
export async function checkHosts(session: Session): Promise<CheckReport> {
  const { inventory } = session;
  const [observation, results] = await Promise.all([
    observe(session, { askPackages: true }),
    tryPorts(session),
  ]);
  const reach = await makeSure(session, observation, results);
  const hosts = inventory.hosts.map((host) => ({
    host: host.name,
    address: host.address,
    lines: linesOf(session, host, { observation, reach }),
  }));
  const passed = hosts.every(({ lines }) =>
    lines.every(({ outcome }) => outcome !== 'failed' && outcome !== 'unknown'),
  );
  return { cluster: inventory.cluster, passed, hosts };
}

type Seen = { readonly observation: Observation; readonly reach: Reach };

function linesOf(session: Session, host: Host, { observation, reach }: Seen): readonly CheckLine[] {
  const { facts, failures } = observation;
  const connection = connectionLines(host, session.shells.get(host.name), failures.get(host.name));
  const input = planInputs({ ...session, observation }).get(host.name);
  if (!input) return connection;
  const clocks = requireClocks([...facts].map(([name, { clock }]) => ({ host: name, clock })));
  const lines = [...connection, ...hostLines(input, clocks)];
  // Nobody reaches an address that the host does not have: no firewall is to blame.
  if (host.connection === 'local' || lacksAddress(host, input.facts)) return lines;
  const reached = reachLines(host, observation, { reach, willOpen: willOpen(input) });
  return [...lines, ...reached, firewallLine(input, reach)];
}
