import { demandName } from '../../session/approval.ts';
import { describeDestroy, destroyNodes } from '../../operations/lifecycle/lifecycle.ts';
import { approvalOf } from '../approval.ts';
import type { CommandRun } from '../command.ts';
import { joinNames } from '../../checks/text.ts';
import { withSession } from '../session.ts';

export const run: CommandRun = async (invocation) =>
  withSession(
    invocation,
    async (session) => {
      const { cluster } = session.inventory;
      const { unlisted, ...described } = await describeDestroy(session);
      const steps = [...described.steps].filter(([, each]) => each.length > 0);
      const nothing = `Nothing to do: there is nothing of ${cluster}.`;
      if (steps.length === 0)
        return { data: { ok: true, changed: false, stages: [], done: [] }, text: nothing };
      await demandName(approvalOf(invocation), {
        name: cluster,
        details: steps.flatMap(([host, each]) => [`On ${host}:`, ...each.map((step) => `  ${step}`)]),
        statements: [
          unlisted.length === 0
            ? `this deletes the cluster ${cluster} and every key in it`
            : `this deletes the nodes of ${cluster} that ${session.inventory.file} lists and every key in them, and leaves ${joinNames(unlisted)} without them`,
        ],
        question: 'Type its name to continue: ',
      });
      const report = await destroyNodes(session, { command: invocation.commandLine });
      const gone =
        unlisted.length === 0
          ? `${cluster} is gone, with all its data.`
          : `The nodes of ${cluster} that ${session.inventory.file} lists are gone, with their data. It does not list ${joinNames(unlisted)}: nothing was done there.`;
      return { data: { ok: true, ...report, unlisted }, text: report.changed ? gone : nothing };
    },
    { secrets: 'optional' },
  );
