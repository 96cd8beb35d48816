import { createPaint } from '../paint.ts';
import { startNodes } from '../../operations/lifecycle/lifecycle.ts';
import type { CommandRun } from '../command.ts';
import { withSession } from '../session.ts';
import { formatShards } from '../views/verify.ts';
import { widthOf } from '../views/wrap.ts';

export const run: CommandRun = async (invocation) =>
  withSession(invocation, async (session) => {
    const report = await startNodes(session, { command: invocation.commandLine });
    const { cluster } = session.inventory;
    const { terminal } = invocation;
    const verdict = report.changed
      ? `${cluster} is started: every node sees the whole cluster.`
      : `Nothing to do: ${cluster} runs.`;
    return {
      data: { ok: true, ...report },
      text: `${formatShards(report.nodes, createPaint(terminal.color), widthOf(terminal))}\n\n${verdict}`,
    };
  });
