import { demandName } from '../../session/approval.ts';
import { describeDestroy, destroyNodes } from '../../operations/lifecycle/lifecycle.ts';
import { approvalOf } from '../approval.ts';
import type { CommandRun } from '../command.ts';
import { withSession } from '../session.ts';

export const run: CommandRun = async (invocation) =>
  withSession(
    invocation,
    async (session) => {
      const { cluster } = session.inventory;
      const steps = [...(await describeDestroy(session))].filter(([, each]) => each.length > 0);
      const nothing = `Nothing to do: there is nothing of ${cluster}.`;
      if (steps.length === 0)
        return { data: { ok: true, changed: false, stages: [], done: [] }, text: nothing };
      await demandName(approvalOf(invocation), {
        name: cluster,
        details: steps.flatMap(([host, each]) => [`On ${host}:`, ...each.map((step) => `  ${step}`)]),
        statements: [`this deletes the cluster ${cluster} and every key in it`],
        question: 'Type its name to continue: ',
      });
      const report = await destroyNodes(session, { command: invocation.commandLine });
      const text = report.changed ? `${cluster} is gone, with all its data.` : nothing;
      return { data: { ok: true, ...report }, text };
    },
    { secrets: 'optional' },
  );
