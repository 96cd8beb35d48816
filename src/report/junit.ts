import { harmless } from '../base/harmless.ts';
import { namesBeyondTitle } from './named.ts';
import type { Report, ReportFinding } from './schema.ts';

type CheckRow = Report['checks'][number];

/**
 * The report as JUnit XML: a suite a section, a case a check, its critical and warning findings as one
 * failure (readers show only the first of several). Info, and what follows from another finding, is not a
 * failure of its own and goes to the case's output.
 */
export function renderJunit(report: Report): string {
  const sections = [...new Set(report.checks.map(({ section }) => section))];
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="${escape(`weedgo-redis verify ${report.cluster}`)}"${countsOf(report, report.checks)} time="${(report.durationMs / 1000).toFixed(3)}">`,
    ...sections.map((section) => suite(report, section)),
    '</testsuites>',
    '',
  ].join('\n');
}

function suite(report: Report, section: string): string {
  const checks = report.checks.filter((check) => check.section === section);
  return [
    `  <testsuite name="${escape(section)}"${countsOf(report, checks)} timestamp="${report.checkedAt}">`,
    ...checks.map((check) => testCase(report, check)),
    '  </testsuite>',
  ].join('\n');
}

function testCase(report: Report, check: CheckRow): string {
  const head = `    <testcase classname="weedgo-redis.${escape(check.section)}" name="${escape(check.name)}"`;
  const findings = findingsOf(report, check);
  const failures = findings.filter(isFailure);
  const told = findings.filter((finding) => !isFailure(finding));
  if (findings.length === 0) return `${head}/>`;
  const titles = failures.map(({ title }) => title).join('; ');
  return [
    `${head}>`,
    ...(failures.length > 0
      ? [
          `      <failure type="${failures[0]?.severity ?? ''}" message="${escape(titles)}">${escape(failures.map(describe).join('\n\n'))}</failure>`,
        ]
      : []),
    ...(told.length > 0 ? [`      <system-out>${escape(told.map(describe).join('\n\n'))}</system-out>`] : []),
    '    </testcase>',
  ].join('\n');
}

function countsOf(report: Report, checks: readonly CheckRow[]): string {
  const failed = checks.filter((check) => findingsOf(report, check).some(isFailure)).length;
  return ` tests="${checks.length}" failures="${failed}" errors="0"`;
}

function findingsOf({ findings }: Report, check: CheckRow): readonly ReportFinding[] {
  return findings.filter(({ id }) => check.findings.includes(id));
}

function isFailure({ severity, explainedBy }: ReportFinding): boolean {
  return severity !== 'info' && explainedBy === null;
}

function describe(finding: ReportFinding): string {
  const { id, severity, title, seen, expected, why, remedy, explainedBy: cause } = finding;
  const where = namesBeyondTitle(finding);
  return [
    `${id} (${severity}): ${title}`,
    ...(cause ? [`because of: ${cause.title} (${cause.id})`] : []),
    ...(where.length > 0 ? [`where: ${where.join(', ')}`] : []),
    `seen: ${seen}`,
    `expected: ${expected}`,
    `why: ${why}`,
    ...remedy.map((command) => `fix: ${command}`),
  ].join('\n');
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** XML 1.0 cannot hold most control characters at all, not even as references: they are spelt out. */
function escape(text: string): string {
  return harmless(text).replaceAll(/[&<>"]/g, (character) => entities[character] ?? character);
}
