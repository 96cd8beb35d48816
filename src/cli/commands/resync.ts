import { resync } from '../../operations/resync/resync.ts';
import type { CommandRun } from '../command.ts';
import { withSession } from '../session.ts';

export const run: CommandRun = async (invocation) => {
  const node = invocation.args[0] ?? '';
  const report = await withSession(invocation, (session) =>
    resync(session, { node, command: invocation.commandLine }),
  );
  if (!report.changed) {
    const text = `Nothing to do: ${node} is in sync with ${report.source}.`;
    return { data: { ok: true, ...report }, text };
  }
  const text = [
    report.identityLost
      ? `${node} has no usable nodes.conf: the other nodes have forgotten it. Run weedgo-redis provision: it joins again and copies its data from ${report.source}.`
      : `${node} is in sync with ${report.source}.`,
    `Its former files are in ${report.aside}; delete them when they are no longer needed.`,
  ].join('\n');
  return { data: { ok: true, ...report }, text };
};
