import { joinNames } from '../../checks/text.ts';
import { OperationError } from '../../base/errors.ts';
import type { HostProblem } from '../../host/requirements/problem.ts';
import { tryConfiguration } from '../../host/scratch.ts';
import type { Session } from '../../session/session.ts';
import type { Stages } from '../../session/stages.ts';
import { rollOver } from '../restart/restart.ts';
import type { ProvisionPlan } from './plan.ts';

/**
 * The nodes that would not start with the configuration that they are to get, tried by a server of its own on
 * their hosts, before any node is stopped or any file written.
 */
export async function tryRestarts(
  { inventory, shells, signal }: Session,
  { restarts, wanted }: ProvisionPlan,
): Promise<readonly HostProblem[]> {
  const found = await Promise.all(
    restarts.map(async ({ node, host }): Promise<readonly Unfit[]> => {
      const shell = shells.get(host);
      const desired = wanted.get(host)?.desired;
      const path = desired?.layout.nodes.find((each) => each.node.id === node)?.configFile;
      const content = desired?.files.find((file) => file.path === path)?.content;
      if (!shell || !desired || content === undefined) return [];
      const { serviceUser } = desired.layout;
      const said = await tryConfiguration(shell, { server: inventory.server, serviceUser, content, signal });
      return said === undefined ? [] : [{ node, host, said }];
    }),
  );
  const unfit = found.flat();
  return [...new Set(unfit.map(({ said }) => said))].flatMap((said) => {
    const alike = unfit.filter((each) => each.said === said);
    const [first] = alike;
    if (!first) return [];
    const names = joinNames(alike.map(({ node }) => node));
    return [
      {
        id: 'would-not-start',
        kind: 'failed',
        host: first.host,
        node: first.node,
        message: `${names} would not start with the new configuration: ${said}`,
        hints: ['Correct the inventory: no node was stopped, and no file was written.'],
      } as const,
    ];
  });
}

type Unfit = { readonly node: string; readonly host: string; readonly said: string };

/**
 * Restarts what is due, one node at a time, replicas first, a master after its replica has taken over, each
 * in sync before the next. An interrupted run of provision is finished first, so that masters are where they
 * were.
 */
export async function restartRunning(
  session: Session,
  stages: Stages,
  { restarts, unfinished }: Pick<ProvisionPlan, 'restarts' | 'unfinished'>,
): Promise<void> {
  if (unfinished.length > 0) {
    await rollOver(session, stages, unfinished);
    return;
  }
  const nodes = restarts.map(({ node }) => node);
  const { restarted } = await rollOver(session, stages, nodes);
  if (restarted.length > 0) return;
  throw new OperationError(`${nodes.join(', ')} were to be restarted, and were not`, {
    hints: ['Run the same command again.'],
  });
}
