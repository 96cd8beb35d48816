import { UsageError } from '../../base/errors.ts';
import { readStatus, type Status } from '../../operations/status/status.ts';
import type { CommandRun, Invocation } from '../command.ts';
import { formatFailure } from '../failure.ts';
import { printNote, printResult } from '../output.ts';
import { createScreen } from '../screen.ts';
import { readSeconds } from '../seconds.ts';
import { withSession } from '../session.ts';
import { formatStatus, formatTotals } from '../views/status.ts';
import { watch } from '../watch.ts';

export const run: CommandRun = async (invocation) => {
  if (invocation.options['watch'] !== undefined) return watchStatus(invocation);
  const status = await withSession(invocation, readStatus);
  return { data: { ok: status.state === 'up', ...status }, text: formatStatus(status, invocation.terminal) };
};

const standardSeconds = 1;

/** A live view on a terminal, a line a look elsewhere (as redis-cli --stat, for the whole cluster). */
async function watchStatus(invocation: Invocation): ReturnType<CommandRun> {
  const { options, global, terminal } = invocation;
  if (global.json) throw new UsageError('--watch prints as it goes: it has no --json');
  const intervalMs = readSeconds('--watch', options['watch'], standardSeconds) * 1000;
  const screen = terminal.interactive ? createScreen() : undefined;
  let before: Status | undefined;
  try {
    await watch<Status>(invocation, {
      intervalMs,
      look: readStatus,
      isPartial: ({ nodes }) => nodes.some(({ reason }) => reason !== null),
      show: (status) => {
        const since = before;
        if (screen)
          screen.draw(({ columns, rows }) =>
            formatStatus(status, { ...terminal, columns }, { before: since, rows }),
          );
        else printResult(formatTotals(status, since));
        before = status;
      },
      showFailure: (error) => {
        const text = formatFailure(error, terminal.color);
        if (screen) screen.draw(() => text);
        else printNote(text);
      },
    });
  } finally {
    screen?.close();
  }
  return { data: {}, text: '' };
}
