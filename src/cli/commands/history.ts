import { behindBar } from '../../base/harmless.ts';
import { history } from '../../operations/history/history.ts';
import type { HistoryEntry, HistoryReport } from '../../operations/history/history.ts';
import type { CommandRun } from '../command.ts';
import { parseCount, textOption } from '../option-values.ts';
import { formatMs } from '../progress.ts';
import { withSession } from '../session.ts';
import { formatTable } from '../views/table.ts';

const mostEntries = 10_000;

export const run: CommandRun = async (invocation) => {
  const limit = parseCount('--limit', textOption(invocation.options, 'limit'), mostEntries) ?? 20;
  const report = await withSession(invocation, (session) => history(session, { limit }), {
    secrets: 'optional',
  });
  return { data: { ok: true, ...report }, text: formatReport(report) };
};

function formatReport({ entries, unread }: HistoryReport): string {
  const notes = Object.entries(unread).map(([host, why]) => `${host}: not read: ${why}`);
  if (entries.length === 0) return ['Nothing was done yet.', ...notes].join('\n');
  const header = ['WHEN (UTC)', 'WHO', 'FROM', 'OUTCOME', 'TOOK', 'COMMAND'];
  return [formatTable(header, entries.map(rowOf)), ...entries.flatMap(noteOf), ...notes].join('\n');
}

function rowOf(entry: HistoryEntry): readonly string[] {
  const { since, who, from, command, outcome, durationMs } = entry;
  const when = since.slice(0, 19).replace('T', ' ');
  // As long as it is, it stands last.
  return [when, who, from.join(' '), outcome, durationMs === undefined ? '' : formatMs(durationMs), command];
}

function noteOf({ since, message, missingOn }: HistoryEntry): readonly string[] {
  const when = since.slice(0, 19).replace('T', ' ');
  return [
    ...(message === undefined ? [] : [`${when}: ${behindBar(message)}`]),
    ...(missingOn.length === 0 ? [] : [`${when}: not in the log of ${missingOn.join(', ')}`]),
  ];
}
