import { RefusedError } from '../base/errors.ts';
import type { Facts } from '../host/facts.ts';
import { maskedProblem } from '../host/requirements/masked.ts';
import type { SystemdService } from '../host/service.ts';
import type { Host } from '../inventory/inventory.ts';
import type { NodeLayout } from '../render/layout.ts';

/**
 * Throws RefusedError where a host has no server, or no configuration of these nodes: they cannot be started.
 */
export function refuseUnconfigured(
  host: Host,
  { files, server, data }: Facts,
  nodes: readonly NodeLayout[],
): void {
  if (!server.installed) {
    throw new RefusedError(`${host.name} has no Redis server installed`, {
      hints: ['weedgo-redis provision installs it where the inventory says so.'],
    });
  }
  const lacking = nodes.filter(({ configFile }) => files[configFile] === undefined);
  if (lacking.length === 0) return;
  const former = lacking.filter(({ node }) => data[node.id]?.former);
  if (former.length > 0) {
    throw new RefusedError(
      `${former.map(({ node }) => node.id).join(', ')}: its files are where an earlier version had them`,
      {
        hints: [
          'Run `weedgo-redis provision`: it moves running nodes one after the other, and starts the others.',
        ],
      },
    );
  }
  throw new RefusedError(
    `${host.name} has no configuration of ${lacking.map(({ node }) => node.id).join(', ')}`,
    { hints: ['weedgo-redis provision writes it, and starts them.'] },
  );
}

/**
 * Throws RefusedError where there are any: once stopped they would not start, and nobody needs to wait for
 * them.
 */
export function refuseMasked(host: Host, masked: readonly SystemdService[]): void {
  const problems = masked.map((service) => maskedProblem(host.name, service));
  const [first] = problems;
  if (!first) return;
  throw new RefusedError(problems.map(({ message }) => message).join('; '), {
    host: host.name,
    ...(first.node !== undefined && { node: first.node }),
    hints: [...new Set(problems.flatMap(({ hints }) => hints))].toSorted(
      (a, b) => Number(a.startsWith('Then')) - Number(b.startsWith('Then')),
    ),
  });
}
