import { demandYes } from '../../operations/approval.ts';
import { stopNodes } from '../../operations/lifecycle.ts';
import { approvalOf } from '../approval.ts';
import type { CommandRun } from '../command.ts';
import { withSession } from '../session.ts';

export const run: CommandRun = async (invocation) =>
  withSession(
    invocation,
    async (session) => {
      const { cluster, hosts } = session.inventory;
      if (hosts.some(({ connection }) => connection === 'ssh')) {
        await demandYes(approvalOf(invocation), {
          statements: [`every node of ${cluster} stops, and applications lose it until it is started again`],
          question: 'Go on?',
        });
      }
      const report = await stopNodes(session, { command: invocation.commandLine });
      const text = report.changed
        ? `${cluster} is stopped; its data stays. Again: weedgo-redis start`
        : `Nothing to do: ${cluster} is stopped.`;
      return { data: { ok: true, ...report }, text };
    },
    { secrets: 'optional' },
  );
