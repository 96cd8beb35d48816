import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Cli, createCli } from '../../support/cli.ts';
import {
  configsOf,
  expectCode,
  expectSound,
  localNodes,
  passwordIn,
  portsFrom,
  serversOf,
} from './support.ts';

const ports = portsFrom(18_170);
let cli: Cli;
/** What a run says while it works, in order: where it can be interrupted. */
let events: readonly string[];
let durationMs: number;

beforeAll(async () => {
  cli = await createCli(localNodes(ports));
  const lines: string[] = [];
  const run = cli.start('--verbose', 'provision');
  const started = performance.now();
  run.onLine((line) => lines.push(eventOf(line)));
  expectCode(await run.done, 0);
  durationMs = performance.now() - started;
  events = [...new Set(lines)];
  await startAnew();
});
afterAll(() => cli?.close());

/** A line without what differs from node to node and from run to run. */
const eventOf = (line: string): string =>
  line
    .replaceAll(/\d+(\.\d+)? m?s\b/g, '')
    .replaceAll(/\S*\d{4}\S*/g, '#')
    .trim();

async function startAnew(): Promise<void> {
  expectCode(await cli.run('destroy', '--confirm', 'test'), 0);
  expect(serversOf(cli.dir)).toEqual({});
}

/** Whatever came before: one more run completes it, the judge agrees, and nothing temporary was left behind. */
async function expectCompletion(): Promise<void> {
  expectCode(await cli.run('provision'), 0);
  const password = await passwordIn(cli.home);
  await expectSound(18_170, password);
  for (const config of await configsOf(ports, password)) {
    expect(config).toMatchObject({ 'cluster-node-timeout': '15000', 'repl-diskless-sync-delay': '0' });
  }
  expectCode(await cli.run('plan', '--exit-code'), 0);
}

test('interrupted at every event, a run ends with 130, and the next one completes', async () => {
  expect(events.length).toBeGreaterThan(12);
  for (const event of events) {
    const run = cli.start('--verbose', 'provision');
    let interrupted = false;
    run.onLine((line) => {
      if (interrupted || eventOf(line) !== event) return;
      interrupted = true;
      run.kill('SIGINT');
    });
    const result = await run.done;
    expect(interrupted, event).toBe(true);
    // The last events come when there is nothing left to interrupt.
    if (result.code !== 0) {
      expectCode(result, 130);
      expect(result.stderr).toContain('Run the same command again');
    }
    await expectCompletion();
    await startAnew();
  }
}, 400_000);

test('killed at any moment, again and again, it is completed by the next run', async () => {
  for (let round = 0; round < 3; round += 1) {
    const moments = [0.25, 0.45, 0.6, 0.75, 0.9].map((share) => (share + Math.random() / 8) * durationMs);
    for (const moment of moments) {
      const run = cli.start('provision');
      const timer = setTimeout(() => run.kill('SIGKILL'), moment);
      await run.done;
      clearTimeout(timer);
    }
    await expectCompletion().catch((error: unknown) => {
      throw new Error(`killed after ${moments.map(Math.round).join(', ')} ms`, { cause: error });
    });
    await startAnew();
  }
}, 200_000);

test('one Ctrl-C too many leaves at once, and the next run completes', async () => {
  const run = cli.start('--verbose', 'provision');
  run.onLine((line) => {
    if (!line.includes('start local:18170')) return;
    run.kill('SIGINT');
    setTimeout(() => run.kill('SIGINT'), 20);
  });
  expectCode(await run.done, 130);
  await expectCompletion();
});
