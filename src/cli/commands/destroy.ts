import { demandName } from '../../session/approval.ts';
import type { Inventory } from '../../inventory/inventory.ts';
import { describeDestroy, destroyNodes } from '../../operations/lifecycle/destroy.ts';
import type { Unlisted } from '../../operations/lifecycle/unlisted.ts';
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
        statements: [statementOf(session.inventory, unlisted)],
        question: 'Type its name to continue: ',
      });
      const report = await destroyNodes(session, { command: invocation.commandLine });
      const text = report.changed ? goneOf(session.inventory, unlisted) : nothing;
      return { data: { ok: true, ...report, unlisted: isAnswered(unlisted) ? unlisted.nodes : null }, text };
    },
    { secrets: 'optional' },
  );

type Named = Pick<Inventory, 'cluster' | 'file'>;

/** What was found, or that there is nothing to find. */
const isAnswered = ({ nodes, isKnown }: Unlisted): boolean => isKnown || nodes.length > 0;

function statementOf({ cluster, file }: Named, unlisted: Unlisted): string {
  const listed = `this deletes the nodes of ${cluster} that ${file} lists and every key in them`;
  if (unlisted.nodes.length > 0) return `${listed}, and leaves ${joinNames(unlisted.nodes)} without them`;
  if (isAnswered(unlisted)) return `this deletes the cluster ${cluster} and every key in it`;
  return `${listed}; ${unknown} whether ${cluster} has others`;
}

function goneOf({ cluster, file }: Named, unlisted: Unlisted): string {
  const listed = `The nodes of ${cluster} that ${file} lists are gone, with their data`;
  if (unlisted.nodes.length > 0)
    return `${listed}. It does not list ${joinNames(unlisted.nodes)}: nothing was done there.`;
  if (isAnswered(unlisted)) return `${cluster} is gone, with all its data.`;
  return `${listed}; ${unknown} whether ${cluster} had others.`;
}

const unknown = 'no node answered and no nodes.conf was readable, so it is not known';
