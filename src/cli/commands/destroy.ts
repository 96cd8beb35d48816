import { describeDestroy, destroyNodes, requireName } from '../../operations/lifecycle.ts';
import type { CommandRun, Invocation } from '../command.ts';
import { withSession } from '../session.ts';

export const run: CommandRun = async (invocation) =>
  withSession(invocation, async (session) => {
    const { cluster } = session.inventory;
    requireName(cluster, await typedName(invocation, cluster, await describeDestroy(session)));
    const report = await destroyNodes(session, { command: invocation.commandLine });
    const text = report.changed
      ? `${cluster} is gone, with all its data.`
      : `Nothing to do: there is nothing of ${cluster}.`;
    return { data: { ok: true, ...report }, text };
  });

/** --confirm, or what is typed after reading what will be deleted. */
async function typedName(
  { options, prompter }: Invocation,
  cluster: string,
  steps: ReadonlyMap<string, readonly string[]>,
): Promise<string | undefined> {
  if (typeof options['confirm'] === 'string') return options['confirm'];
  const lines = [...steps].flatMap(([host, each]) => [`On ${host}:`, ...each.map((step) => `  ${step}`)]);
  return prompter.ask(
    `${lines.join('\n')}\nThis deletes the cluster ${cluster} and every key in it. Type its name to go on: `,
  );
}
