import { topologyOf } from '../../checks/topology.ts';
import { takeoversOf } from '../../checks/takeovers.ts';
import { OperationError } from '../../base/errors.ts';
import { observeCluster } from '../../redis/observe.ts';
import type { Session } from '../../session/session.ts';

/** Hosts that could not be connected or read, by name, and why. */
export type MissingHosts = ReadonlyMap<string, OperationError>;

/** The nodes (inventory ids) of hosts that are missing. */
export function nodesOn({ inventory }: Session, missing: MissingHosts): ReadonlySet<string> {
  return new Set(inventory.nodes.filter(({ host }) => missing.has(host)).map(({ id }) => id));
}

/**
 * What a command that did its work on the other hosts ends with: the nodes that it did not reach, and why.
 */
export function withoutHosts(
  session: Session,
  missing: MissingHosts,
  { done, hints = [] }: { readonly done: string; readonly hints?: readonly string[] },
): OperationError {
  const hosts = [...missing.keys()].join(', ');
  const nodes = [...nodesOn(session, missing)].join(', ');
  return new OperationError(`${hosts} cannot be reached: ${nodes} were not ${done}; all other nodes were`, {
    hints: [...hints, ...[...missing].map(([host, error]) => `Look at ${host}: ${error.message}`)],
  });
}

/**
 * As `withoutHosts`, after a start: with the takeovers that would serve what masters on the missing hosts
 * served.
 */
export async function startedWithout(session: Session, missing: MissingHosts): Promise<OperationError> {
  const { inventory, redis } = session;
  const view = await observeCluster(inventory.nodes, redis);
  const takeovers = takeoversOf(inventory, topologyOf({ inventory, view }), nodesOn(session, missing));
  const hints = [...takeovers].flatMap(([master, commands]) =>
    commands.map((command) =>
      command.startsWith('#')
        ? `Consider: ${command.slice(2)}.`
        : `Run this if ${master} stays away: ${command}`,
    ),
  );
  return withoutHosts(session, missing, {
    done: 'started',
    hints: [...hints, 'Run the same command again when they are back.'],
  });
}
