import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Cli, createCli } from '../../support/cli.ts';
import { configsOf, expectCode, expectSound, localNodes, passwordIn, portsFrom } from './support.ts';

type Lane = { readonly cli: Cli; readonly ports: readonly number[] };

/** Several clusters side by side, so that waiting takes less of the time. */
let lanes: readonly Lane[] = [];
/** What a run says while it works, in order: where it can be interrupted. */
let events: readonly string[];
let durationMs: number;

beforeAll(async () => {
  const starts = [18_200, 18_210, 18_220];
  lanes = await Promise.all(
    starts.map(async (first) => ({
      cli: await createCli(localNodes(portsFrom(first))),
      ports: portsFrom(first),
    })),
  );
  const [{ cli }] = lanes as [Lane];
  const lines: string[] = [];
  const run = cli.start('--verbose', 'provision');
  const started = performance.now();
  run.onLine((line) => lines.push(eventOf(line)));
  expectCode(await run.done, 0);
  durationMs = performance.now() - started;
  events = [...new Set(lines)];
  await cli.reset();
});
afterAll(() => Promise.all(lanes.map(({ cli }) => cli.close())));

/** A line without what differs from node to node and from run to run. */
const eventOf = (line: string): string =>
  line
    .replaceAll(/\d+(\.\d+)? m?s\b/g, '')
    .replaceAll(/\S*\d{4}\S*/g, '#')
    .trim();

/** Does the work for every item, in as many places at once as there are lanes. */
async function share<T>(items: readonly T[], work: (item: T, lane: Lane) => Promise<void>): Promise<void> {
  const left = [...items];
  await Promise.all(
    lanes.map(async (lane) => {
      for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item, lane);
    }),
  );
}

/**
 * Whatever came before: one more run completes it, the judge agrees, and nothing temporary was left behind.
 */
async function expectCompletion({ cli, ports }: Lane, before: string): Promise<void> {
  const result = await cli.run('provision');
  if (result.code !== 0) expect.fail(`after ${before}: exit ${result.code}\n${result.stderr}`);
  const password = await passwordIn(cli.home);
  await expectSound(ports[0] ?? 0, password);
  for (const config of await configsOf(ports, password)) {
    expect(config).toMatchObject({ 'cluster-node-timeout': '15000', 'repl-diskless-sync-delay': '0' });
  }
}

test('interrupted at every event, a run ends with 130, and the next one completes', async () => {
  expect(events.length).toBeGreaterThan(12);
  await share(events, async (event, lane) => {
    const run = lane.cli.start('--verbose', 'provision');
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
    await expectCompletion(lane, `an interruption at "${event}"`);
    await lane.cli.reset();
  });
}, 600_000);

test('killed at any moment, again and again, it is completed by the next run', async () => {
  await share([1, 2, 3, 4, 5, 6], async (_, lane) => {
    const moments = [0.3, 0.5, 0.7].map((part) => (part + Math.random() / 4) * durationMs);
    for (const moment of moments) {
      const run = lane.cli.start('provision');
      const timer = setTimeout(() => run.kill('SIGKILL'), moment);
      await run.done;
      clearTimeout(timer);
    }
    await expectCompletion(lane, `kills after ${moments.map(Math.round).join(', ')} ms`);
    await lane.cli.reset();
  });
}, 600_000);

test('a closed terminal stops a run at a step boundary, with the lock given back', async () => {
  const [lane] = lanes as [Lane];
  const run = lane.cli.start('provision');
  run.onLine((line) => {
    if (line.includes('configure and start the nodes …')) run.kill('SIGHUP');
  });
  expectCode(await run.done, 130);
  expect((await lane.cli.run('history')).stdout).toMatch(/interrupted .*provision$/m);
  await expectCompletion(lane, 'SIGHUP');
  await lane.cli.reset();
});

test('a second Ctrl-C leaves at once, and the next run completes', async () => {
  const [lane] = lanes as [Lane];
  const run = lane.cli.start('--verbose', 'provision');
  run.onLine((line) => {
    if (/start local:18200/.test(line)) run.kill('SIGINT');
    if (line.startsWith('stopping at the next step boundary')) run.kill('SIGINT');
  });
  expectCode(await run.done, 130);
  await expectCompletion(lane, 'two interruptions');
});
