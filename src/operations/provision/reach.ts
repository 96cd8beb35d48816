import { HostsFailedError, OperationError } from '../../errors.ts';
import { portProbes, probePorts, type ProbeResult } from '../../host/probe.ts';
import type { Session } from '../session.ts';
import type { StageResult } from '../stage.ts';

/**
 * Tries every node's port and bus port from every other host, now that the nodes listen: a firewall is named before
 * the cluster waits for a handshake that cannot happen.
 * Throws HostsFailedError with every pair that does not reach each other.
 */
export async function demandReach({ inventory, shells, signal }: Session): Promise<StageResult<void>> {
  const results = await probePorts(shells, portProbes(inventory), signal);
  const closed = results.filter(({ outcome }) => outcome !== 'open' && outcome !== 'unknown');
  if (closed.length > 0) throw new HostsFailedError('reaching the other hosts', closed.map(unreachable));
  return { value: undefined, changed: false };
}

function unreachable({ from, source, node, port, what, outcome }: ProbeResult): OperationError {
  const name = what === 'bus' ? `bus port ${port} of ${node.id}` : `port ${port} of ${node.id}`;
  return new OperationError(`cannot reach the ${name} (${node.address}): ${explain[outcome]}`, {
    host: from,
    hints: [
      `Allow TCP from ${source} to ${node.address}:${port} on ${node.host} and on what stands between.`,
    ],
  });
}

const explain: Readonly<Record<ProbeResult['outcome'], string>> = {
  open: 'it answers',
  refused: 'the connection is refused, as a firewall does or when nothing listens',
  filtered: 'no answer at all, as behind a firewall that drops packets',
  unreachable: 'the network or a firewall says no',
  unknown: 'it could not be tried',
};
