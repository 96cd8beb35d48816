import type { Inventory } from '../../inventory/inventory.ts';
import { type Approval, demandName, demandYes } from '../../session/approval.ts';
import { stopNodes } from '../../operations/lifecycle/stop.ts';
import type { StopLoss } from '../../operations/lifecycle/stop-loss.ts';
import { approvalOf } from '../approval.ts';
import type { CommandRun } from '../command.ts';
import { withSession } from '../session.ts';

export const run: CommandRun = async (invocation) =>
  withSession(
    invocation,
    async (session) => {
      const { cluster } = session.inventory;
      const agree = agreement(session.inventory, approvalOf(invocation));
      const { loss, left, isBare, ...report } = await stopNodes(session, {
        command: invocation.commandLine,
        agree,
      });
      const stopped = left.length === 0 ? `${cluster} is stopped` : stoppedWithout(cluster, left);
      const nothing = isBare ? `nothing of ${cluster} is on its hosts` : stopped;
      const text = report.changed
        ? `${stopped}; ${keptBy(loss)}. Again: weedgo-redis start`
        : `Nothing to do: ${nothing}.`;
      return { data: { ok: true, ...report, left }, text };
    },
    { secrets: 'optional' },
  );

const stoppedWithout = (cluster: string, left: readonly string[]): string =>
  `the nodes of ${cluster} that the inventory lists are stopped; it does not list ${left.join(', ')}, and they were left as they are`;

const agreement =
  ({ cluster, hosts, production }: Inventory, approval: Approval) =>
  async (loss: StopLoss): Promise<void> => {
    if (loss.keys > 0 || loss.unknown.length > 0) {
      await demandName(approval, {
        name: cluster,
        statements: statementsOf(loss),
        question: 'Type its name to continue: ',
      });
    } else if (production || hosts.some(({ connection }) => connection === 'ssh')) {
      await demandYes(approval, {
        statements: [`every node of ${cluster} stops, and applications lose it until it is started again`],
        question: 'Continue?',
      });
    }
  };

/** What was seen right before the stop. */
function keptBy(loss: StopLoss | undefined): string {
  const { keys = 0, unknown = [], unkept = [] } = loss ?? {};
  if (keys > 0) return `${keys} keys are lost`;
  if (unknown.length > 0)
    return `what ${unknown.join(', ')} kept on disk is not known, since they did not answer`;
  return unkept.length > 0 ? `it had no keys, and ${unkept.join(', ')} kept none on disk` : 'its data stays';
}

const statementsOf = ({ keys, masters, unknown }: StopLoss): readonly string[] => [
  ...(keys > 0
    ? [
        `${masters.join(', ')} ${masters.length === 1 ? 'keeps' : 'keep'} nothing on disk: stop loses ${keys} keys`,
      ]
    : []),
  ...(unknown.length > 0
    ? [
        `${unknown.join(', ')} ${unknown.length === 1 ? 'does' : 'do'} not answer: what a stop loses there is not known`,
      ]
    : []),
];
