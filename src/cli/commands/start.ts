import { createColors } from 'picocolors';
import { startNodes } from '../../operations/lifecycle.ts';
import type { CommandRun } from '../command.ts';
import { withSession } from '../session.ts';
import { formatShards } from '../views/verify.ts';

export const run: CommandRun = async (invocation) =>
  withSession(invocation, async (session) => {
    const report = await startNodes(session, { command: invocation.commandLine });
    const { cluster } = session.inventory;
    const verdict = report.changed
      ? `${cluster} is started: every node sees the whole cluster.`
      : `Nothing to do: ${cluster} runs.`;
    return {
      data: { ok: true, ...report },
      text: `${formatShards(report.nodes, createColors(invocation.terminal.color))}\n\n${verdict}`,
    };
  });
