import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseLinkAge } from '../../../src/cluster/failover/election.ts';
import { verify } from '../../../src/operations/verify/verify.ts';
import { verifyDocumentSchema } from '../../../src/report/schema.ts';
import { until } from '../../support/until.ts';
import { createScene, ids, password, type Scene, untilInfo } from './scene.ts';
import { noteTrips } from './trips.ts';

let scene: Scene;

// A host a node: a failover then leaves nothing to say, as no host ever has two masters.
beforeAll(async () => {
  scene = await createScene({
    redis1: [17_710],
    redis2: [17_711],
    redis3: [17_712],
    redis4: [17_713],
    redis5: [17_714],
    redis6: [17_715],
  });
});

afterAll(() => scene?.close());

async function expectHealthy(runs: number): Promise<void> {
  for (let run = 0; run < runs; run += 1) {
    const report = await scene.verify();
    expect(ids(report), JSON.stringify(report.findings, null, 2)).toEqual([]);
    expect(report.verdict).toBe('healthy');
  }
}

test('ten healthy runs in a row', () => expectHealthy(10));

test('a look is three round trips to each node, and one to its host beside them', async () => {
  const session = await scene.open();
  try {
    const trips = noteTrips(session);
    expect((await verify(session, { writeTest: false, settleMs: 0 })).verdict).toBe('healthy');
    for (const { name } of scene.inventory.hosts) {
      const own = trips.filter(({ host }) => host === name);
      // Facts, the server's defaults, probe and, once a machine, what operators have begun; three connections
      // to the node. None waits for another.
      const firstAnswer = Math.min(...own.map(({ answered }) => answered));
      expect(own.filter(({ asked }) => asked > firstAnswer)).toEqual([]);
      expect([3, 4]).toContain(own.filter(({ what }) => what === 'run').length);
      // After they are open: the password and then everything at once, and so a script; without a password, a
      // PING.
      const turns = own.filter(({ what }) => what === 'forward').map((trip) => trip.turns);
      expect(turns.toSorted((one, other) => one - other)).toEqual([1, 2, 2]);
    }
  } finally {
    await session.close();
  }
});

test('ten more, each right after a failover', async () => {
  let shards = await shardsNow();
  for (let run = 0; run < 10; run += 1) {
    // Shard by shard, so that it seldom has to wait for an earlier election to be forgotten.
    const [shard, ...others] = shards;
    if (!shard) throw new Error('there is no shard');
    const { master, replica } = shard;
    await untilVotesAreForgotten(replica);
    await scene.redis(replica, 'CLUSTER', 'FAILOVER');
    await untilInfo(scene, replica, { role: 'master' });
    await expectHealthy(1);
    await untilInfo(scene, master, { role: 'slave' });
    shards = [...others, { master: replica, replica: master }];
  }
});

type Shard = { readonly master: string; readonly replica: string };

async function shardsNow(): Promise<Shard[]> {
  const { nodes } = await scene.verify();
  return nodes.flatMap(({ node, master }) => (master === null ? [] : [{ master, replica: node }]));
}

/** Redis misjudges an election that follows on the replica's last one within 4 × cluster-node-timeout. */
async function untilVotesAreForgotten(replica: string): Promise<void> {
  await until(async () => {
    const age = parseLinkAge(await scene.redis(replica, 'CLIENT', 'LIST', 'TYPE', 'master'));
    expect(age).toBeGreaterThan(4 * 2000);
  });
}

test('ten more during a load', async () => {
  const load = spawn(
    'redis-benchmark',
    [
      '--cluster',
      '-h',
      '127.0.77.1',
      '-p',
      '17710',
      '-a',
      password,
      '-t',
      'set,get',
      '-r',
      '100000',
      '-c',
      '4',
      '-l',
      '-q',
    ],
    { stdio: 'ignore' },
  );
  try {
    await expectHealthy(10);
    expect(load.exitCode).toBe(null);
    expect(Number(await scene.info('redis2:17711', 'total_commands_processed'))).toBeGreaterThan(1000);
  } finally {
    const ended = load.exitCode === null ? once(load, 'exit') : undefined;
    load.kill('SIGKILL');
    await ended;
  }
});

test('--json prints what its schema says, and exits with 0', async () => {
  const { code, stdout } = await scene.cli.run('--json', 'verify', '--write-test', '--what-if');
  const document: unknown = JSON.parse(stdout);
  expect(verifyDocumentSchema.parse(document)).toEqual(document);
  expect(document).toMatchObject({ ok: true, exitCode: 0, verdict: 'healthy', cluster: 'scene' });
  expect(stdout).not.toContain(password);
  expect(code).toBe(0);
});

test('the text has a verdict, the shards and the losses; --quiet has nothing to say', async () => {
  const loud = await scene.cli.run('verify', '--what-if');
  expect(loud.stdout).toMatch(/^✓ scene is healthy: 6 of 6 nodes on 6 hosts answer\n/);
  expect(loud.stdout).toMatch(/^1 +redis[14]:1771[03] +master /m);
  expect(loud.stdout).toMatch(/^host +redis1 +stays up/m);
  const quiet = await scene.cli.run('--quiet', 'verify');
  expect([quiet.code, quiet.stdout, quiet.stderr]).toEqual([0, '', '']);
});

test('a warning exits with 3, and with 0 where only critical findings count', async () => {
  await scene.redis('redis2:17711', 'CONFIG', 'SET', 'hz', 50);
  const { code, stdout } = await scene.cli.run(
    '--quiet',
    'verify',
    '--junit',
    'report.xml',
    '--html',
    'report.html',
  );
  expect(code).toBe(3);
  expect(stdout).toContain('WARNING hz of redis2:17711 was changed in the running server WR-CONFIG-LIVE');
  const files = await scene.cli.shell('cat report.xml report.html');
  expect(files.stdout).toContain('<failure type="warning"');
  expect(files.stdout).toContain('<!doctype html>');
  expect((await scene.cli.run('verify', '--fail-on', 'critical')).code).toBe(0);
  expect((await scene.cli.run('verify', '--fail-on', 'never')).code).toBe(2);
  await scene.redis('redis2:17711', 'CONFIG', 'SET', 'hz', 10);
});

test('--watch tells what comes and what goes', async () => {
  const log = join(scene.cli.dir, 'watch.log');
  const watching = scene.cli.shell(`exec weedgo-redis -i ${scene.cli.inventory} verify --watch 0.2 >${log}`);
  const say = (pattern: RegExp): Promise<void> =>
    until(async () => expect(await readFile(log, 'utf8')).toMatch(pattern), { timeoutMs: 60_000 });
  await say(/is healthy/);
  await scene.redis('redis2:17711', 'CONFIG', 'SET', 'hz', 50);
  await say(/\+ new: .*hz of redis2:17711/);
  await scene.redis('redis2:17711', 'CONFIG', 'SET', 'hz', 10);
  await say(/- gone: hz of redis2:17711/);
  const [pid] = await processesWith('--watch', scene.cli.inventory ?? '');
  process.kill(pid ?? 0, 'SIGINT');
  expect((await watching).code).toBe(0);
});

/** Processes whose command line has all these words. */
async function processesWith(...words: readonly string[]): Promise<readonly number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(
    pids.map(async (id) => ({ id, line: await readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '') })),
  );
  const found = lines.filter(({ line }) => words.every((word) => line.split('\0').includes(word)));
  return found.map(({ id }) => Number(id));
}

test('status has a line a node within 80 columns, and as JSON', async () => {
  const { code, stdout } = await scene.cli.run('status');
  expect(code).toBe(0);
  expect(stdout).toMatch(/^✓ scene is up: 6 of 6 nodes answer, 3 shards\n/);
  for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  const json = JSON.parse((await scene.cli.run('--json', 'status')).stdout) as {
    nodes: unknown[];
    state: string;
  };
  expect(json.nodes).toHaveLength(6);
  expect(json.state).toBe('up');
});

test('nothing in sight is a failure, not a finding', async () => {
  await scene.cli.run('--yes', 'stop');
  // The machine itself still answers: these are findings.
  expect((await scene.cli.run('verify')).code).toBe(3);
  expect((await scene.cli.run('status')).code).toBe(1);
  expect((await scene.cli.run('start')).code).toBe(0);
});
