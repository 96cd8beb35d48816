/**
 * `npm test [-- VITEST-ARGUMENT…]`: the check, then every test that this machine can run. With arguments:
 * vitest with them, no check. Ends with a line that counts.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
  rmSync(dir, { recursive: true });
  // A file that could not be loaded or an error outside of any test fails the run without failing a test.
  return status === 0 ? tally : { ...tally, failed: Math.max(tally.failed, 1) };
}

function readReport(file: string): Tally {
  try {
    const report = JSON.parse(readFileSync(file, 'utf8')) as Record<string, number>;
    const count = (name: string): number => report[name] ?? 0;
    const skipped = count('numPendingTests') + count('numTodoTests');
    return { passed: count('numPassedTests'), failed: count('numFailedTests'), skipped };
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
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
