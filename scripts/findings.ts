/**
 * Writes `docs/findings.md` from what the checks say of the fixtures; with --check it fails when the page is
 * stale.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Finding } from '../src/checks/check.ts';
import { runChecks } from '../src/checks/run.ts';
import { inputOf, readCase } from '../test/support/check-case.ts';

const root = join(import.meta.dirname, '..');
const fixtures = join(root, 'test/fixtures/checks');
const page = join(root, 'docs/findings.md');

const sections = new Map<string, Map<string, readonly Finding[]>>();
for (const file of readdirSync(fixtures, { recursive: true, encoding: 'utf8' }).toSorted()) {
  if (!file.endsWith('.yaml')) continue;
  for (const { section, findings } of runChecks(inputOf(readCase(join(fixtures, file))))) {
    const ids = sections.get(section) ?? new Map<string, readonly Finding[]>();
    for (const finding of findings) ids.set(finding.id, [...(ids.get(finding.id) ?? []), finding]);
    sections.set(section, ids);
  }
}

const text = `# Findings

Every id that \`verify\` can report, with an example of its title and why it matters. A finding's remedy is printed with it,
as commands that run as they stand. Made by \`npm run findings\` from the fixtures of the checks.
${[...sections].map(([section, ids]) => sectionText(section, ids)).join('')}`;

if (!process.argv.includes('--check')) writeFileSync(page, text);
else if (readFileSync(page, 'utf8') !== text) {
  console.error('docs/findings.md is stale: npm run findings');
  process.exitCode = 1;
}

function sectionText(section: string, ids: ReadonlyMap<string, readonly Finding[]>): string {
  const rows = [...ids]
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([, findings]) => rowText(findings));
  const title = section.charAt(0).toUpperCase() + section.slice(1);
  return `\n## ${title}\n\n| id | severity | for example | why it matters |\n|---|---|---|---|\n${rows.join('\n')}\n`;
}

function rowText(findings: readonly Finding[]): string {
  const [first] = findings;
  const severities = [...new Set(findings.map(({ severity }) => severity))].join(' or ');
  const cells = [`\`${first?.id}\``, severities, first?.title ?? '', first?.why ?? ''];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}
