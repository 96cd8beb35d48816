/**
 * `npm test [-- VITEST-ARGUMENT…]`: the check, then every test that this machine can run. With arguments:
 * vitest with them, no check. Ends with what failed and a line that counts.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { labObstacle } from '../test/lab/obstacle.ts';

type Tally = { readonly passed: number; readonly failed: number; readonly skipped: number };

const root = join(import.meta.dirname, '..');
const chosen = process.argv.slice(2);

const none: Tally = { passed: 0, failed: 0, skipped: 0 };
const whole = chosen.length === 0;
const checked = runScript(whole ? 'check' : 'build');
const obstacle = await labObstacle();
const leaveOut = obstacle !== undefined && !chosen.includes('--project');
const tested = runTests(leaveOut ? ['--project', '!lab'] : []);
const leftOut = obstacle !== undefined && whole ? reportLeftOut(obstacle) : none;
finish([checked, tested, leftOut]);

function runScript(name: string): Tally {
  const { status } = spawnSync('npm', ['run', name], { cwd: root, stdio: 'inherit' });
  return { passed: status === 0 ? 1 : 0, failed: status === 0 ? 0 : 1, skipped: 0 };
}

function runTests(projects: readonly string[]): Tally {
  const dir = mkdtempSync(join(tmpdir(), 'weedgo-redis-test-'));
  const report = join(dir, 'report.json');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const { status } = spawnSync('vitest', ['run', ...reporters, ...projects, ...chosen], {
    cwd: root,
    stdio: 'inherit',
  });
  const tally = readReport(report);
  nameFailures(report);
  rmSync(dir, { recursive: true });
  // A file that could not be loaded or an error outside of any test fails the run without failing a test.
  return status === 0 ? tally : { ...tally, failed: Math.max(tally.failed, 1) };
}

function readReport(file: string): Tally {
  const report = readJson(file);
  if (!report) return { passed: 0, failed: 1, skipped: 0 };
  const { numPassedTests: passed, numFailedTests: failed, numPendingTests, numTodoTests } = report;
  return { passed, failed, skipped: numPendingTests + numTodoTests };
}

type VitestReport = {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly FileResult[];
};
type Result = { readonly fullName: string; readonly status: string; readonly failureMessages: string[] };
type FileResult = { readonly name: string; readonly message: string; readonly assertionResults: Result[] };

/** Each failure in two lines at the very end: of a long log only the end is read, or kept. */
function nameFailures(file: string): void {
  const files = readJson(file)?.testResults ?? [];
  for (const { name, message, assertionResults } of files) {
    const failed = assertionResults.filter(({ status }) => status === 'failed');
    const where = relative(root, name);
    if (message !== '') console.log(`\nfailed: ${where}\n  ${start(message)}`);
    for (const { fullName, failureMessages } of failed)
      console.log(
        `\nfailed: ${where} > ${fullName}\n${failureMessages.map((m) => `  ${start(m)}`).join('\n')}`,
      );
  }
}

/** The first words of what a failure says, in one line. */
function start(message: string): string {
  return message
    .replace(/\n\s+at [^]*/, '')
    .replaceAll(/\s+/g, ' ')
    .slice(0, 600);
}

/** What vitest's own reporter wrote, in its form (that of Jest). */
function readJson(file: string): VitestReport | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as VitestReport;
  } catch {
    return undefined;
  }
}

/**
 * On a developer's machine the hosts are a convenience; in CI a run without them has not shown what it
 * should.
 */
function reportLeftOut(reason: string): Tally {
  console.log(`\nThe tests on real hosts were left out: ${reason}.`);
  if (!process.env['CI']) return { passed: 0, failed: 0, skipped: 1 };
  console.log('CI is set, so that is a failure.');
  return { passed: 0, failed: 1, skipped: 0 };
}

function finish(tallies: readonly Tally[]): void {
  const sum = (key: keyof Tally): number => tallies.reduce((total, tally) => total + tally[key], 0);
  const skipped = sum('skipped') > 0 ? `, ${sum('skipped')} skipped` : '';
  console.log(`\n${sum('passed')} passed, ${sum('failed')} failed${skipped}`);
  process.exitCode = sum('failed') === 0 ? 0 : 1;
}
