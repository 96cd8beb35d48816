import { stopNodes } from '../../operations/lifecycle.ts';
import type { CommandRun } from '../command.ts';
import { confirm } from '../confirm.ts';
import { withSession } from '../session.ts';

export const run: CommandRun = async (invocation) =>
  withSession(invocation, async (session) => {
    const { cluster, hosts } = session.inventory;
    if (hosts.some(({ connection }) => connection === 'ssh')) {
      await confirm(
        invocation,
        `Stop every node of ${cluster}? Applications lose it until it is started again.`,
      );
    }
    const report = await stopNodes(session, { command: invocation.commandLine });
    const text = report.changed
      ? `${cluster} is stopped; its data stays. Again: weedgo-redis start`
      : `Nothing to do: ${cluster} is stopped.`;
    return { data: { ok: true, ...report }, text };
  });
