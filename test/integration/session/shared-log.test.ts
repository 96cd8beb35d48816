import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { mergeLogs } from '../../../src/operations/history/history.ts';
import { formatAuditLine } from '../../../src/session/audit/line.ts';
import { type HostLog, readAuditLog } from '../../../src/session/audit/read.ts';
import { localShell } from '../../../src/ssh/local.ts';

/** One log a host for all clusters: what others did must not push a cluster's own lines out of sight. */
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weedgo-redis-log-'));
});
afterAll(() => rm(folder, { recursive: true }));

const minute = (number: number): string => new Date(Date.UTC(2026, 0, 1, 0, number)).toISOString();

const lineOf = (cluster: string, number: number): string =>
  formatAuditLine({
    schemaVersion: 1,
    run: `${cluster}-${number}`,
    since: minute(number),
    durationMs: 1000,
    who: 'ops@desk',
    from: 'local',
    command: `call all SET "cluster":"ours" ${number}`,
    cluster,
    inventory: '0'.repeat(64),
    outcome: 'done',
  });

const numbers = (first: number, count: number): readonly number[] =>
  Array.from({ length: count }, (_, index) => first + index);

async function read(
  host: string,
  logs: { readonly now: string; readonly before?: string },
): Promise<HostLog> {
  const audit = join(folder, `${host}.jsonl`);
  await writeFile(audit, logs.now);
  if (logs.before !== undefined) await writeFile(`${audit}.1`, logs.before);
  const station = { host, shell: localShell(host), locations: { audit } };
  return readAuditLog(station as Parameters<typeof readAuditLog>[0], { cluster: 'ours', count: 20 });
}

test('many lines of another cluster hide none of its own', async () => {
  const own = numbers(0, 5)
    .map((number) => lineOf('ours', number))
    .join('');
  const others = numbers(10, 100)
    .map((number) => lineOf('other', number))
    .join('');
  const shared = await read('shared', { now: own + others });
  const alone = await read('alone', { now: own });
  expect(shared.lines.map(({ run }) => run)).toEqual(numbers(0, 5).map((number) => `ours-${number}`));
  expect(mergeLogs([shared, alone]).flatMap(({ missingOn }) => missingOn)).toEqual([]);
});

test('a line that was taken out is missed, and one that is older than what was read is not', async () => {
  const own = numbers(0, 6).map((number) => lineOf('ours', number));
  const whole = await read('whole', { now: own.join('') });
  const robbed = await read('robbed', { now: own.filter((_, index) => index !== 3).join('') });
  const turned = await read('turned', { now: own.slice(4).join(''), before: lineOf('other', 2) });
  const missing = mergeLogs([whole, robbed, turned]).map(({ missingOn }) => missingOn.join());
  expect(missing).toEqual(['', '', '', 'robbed,turned', '', '']);
});
