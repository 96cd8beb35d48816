import { demandName, demandYes } from '../../session/approval.ts';
import { stopNodes } from '../../operations/lifecycle/lifecycle.ts';
import { describeLoss, type StopLoss } from '../../operations/lifecycle/stop-loss.ts';
import { approvalOf } from '../approval.ts';
import type { CommandRun } from '../command.ts';
import { withSession } from '../session.ts';

export const run: CommandRun = async (invocation) =>
  withSession(
    invocation,
    async (session) => {
      const { cluster, hosts, production } = session.inventory;
      const loss = await describeLoss(session);
      const { keys, unknown } = loss;
      if (keys > 0 || unknown.length > 0) {
        await demandName(approvalOf(invocation), {
          name: cluster,
          statements: statementsOf(loss),
          question: 'Type its name to continue: ',
        });
      } else if (production || hosts.some(({ connection }) => connection === 'ssh')) {
        await demandYes(approvalOf(invocation), {
          statements: [`every node of ${cluster} stops, and applications lose it until it is started again`],
          question: 'Continue?',
        });
      }
      const report = await stopNodes(session, { command: invocation.commandLine });
      const kept =
        keys > 0
          ? `${keys} keys are lost`
          : unknown.length > 0
            ? `what ${unknown.join(', ')} kept on disk is not known, since they did not answer`
            : 'its data stays';
      const text = report.changed
        ? `${cluster} is stopped; ${kept}. Again: weedgo-redis start`
        : `Nothing to do: ${cluster} is stopped.`;
      return { data: { ok: true, ...report }, text };
    },
    { secrets: 'optional' },
  );

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
