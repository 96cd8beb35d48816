import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import { parseClusterNodes } from '../../../src/cluster/parse.ts';
import { createLab } from '../../lab/lab.ts';
import type { Lab } from '../../lab/lab.ts';
import type { Cli } from '../../support/cli.ts';
import { until } from '../../support/until.ts';
import { createLabCli, expectSoundOn, labNodes, password } from '../provision/lab-support.ts';
import { median, startLoad, tell } from './load.ts';
import type { Load } from './load.ts';
import { documentOf, redisCli } from './place.ts';
import type { Json } from './place.ts';

vi.setConfig({ testTimeout: 900_000, hookTimeout: 900_000 });

let lab: Lab;
let cli: Cli;
/** A short timeout shortens the rest between two elections of one replica, which is 4 times as long. */
const over = { production: false, config: { maxmemory: '128mb', 'cluster-node-timeout': 2000 } };
/** `redis1:7000`, … the masters first. */
const ids = [0, 1, 2, 3, 4, 5].map((index) => `redis${(index % 3) + 1}:${7000 + index}`);

beforeAll(async () => {
  lab = await createLab({ hosts: ['redis1', 'redis2', 'redis3'], redis: 'installed' });
  cli = await createLabCli(lab, over);
  documentOf(await cli.run('--json', 'provision'), 0);
});
afterAll(async () => {
  await cli?.close();
  await lab?.close();
});

const json = async (code: number, ...args: readonly string[]): Promise<Json> =>
  documentOf(await cli.run('--json', ...args), code);

const addressOf = (id: string): { host: string; port: number } => {
  const [name = '', port] = id.split(':');
  return { host: lab.host(name).address, port: Number(port) };
};

const redis = (id: string, ...args: readonly string[]): Promise<string> => {
  const { host, port } = addressOf(id);
  return redisCli(['-h', host, '-p', String(port), ...args], password);
};

const load = (): Promise<Load> => startLoad(ids.map(addressOf), password);

/** Every shard takes the foreign client's writes again. */
const goesOn = (running: Load): Promise<void> =>
  until(async () => expect(await running.silence()).toBeLessThan(500), { timeoutMs: 60_000 });

const settled = (): Promise<void> =>
  until(
    async () => {
      for (const id of ids) {
        expect(await redis(id, 'CLUSTER', 'INFO')).toContain('cluster_state:ok');
        expect(await redis(id, 'INFO', 'replication')).not.toContain('master_link_status:down');
      }
      const roles = await Promise.all(
        ids.map(async (id) =>
          parseClusterNodes(await redis(id, 'CLUSTER', 'NODES'))
            .map(({ nodeId, role, flags }) => `${nodeId} ${role} ${flags.includes('fail')}`)
            .toSorted()
            .join(),
        ),
      );
      expect(new Set(roles).size).toBe(1);
    },
    { timeoutMs: 120_000 },
  );

describe('an inventory that gives the cluster another name', () => {
  it('changes nothing: its lock would keep nobody out', async () => {
    const text = await readFile(cli.inventory ?? '', 'utf8');
    const { cluster } = parse(text) as { cluster: string };
    const renamed = await cli.write('renamed.yaml', text.replace(cluster, 'renamed'));
    for (const args of [
      ['drain', 'redis1'],
      ['restart', 'all'],
      ['failover', '1'],
    ]) {
      const { code, stderr } = await cli.run('--yes', '-i', renamed, ...args);
      expect(stderr).toContain(`belongs to cluster ${cluster}; it is not touched`);
      expect(code).toBe(4);
    }
    expect(await lab.host('redis1').run('ls /var/lib/weedgo-redis')).not.toContain('renamed');
  });
});

describe('on three hosts, under 2,000 writes a second of a foreign client', () => {
  it('twenty graceful failovers in a row lose nothing, and add nothing to the gap of a bare one', async () => {
    const running = await load();
    const bare: number[] = [];
    for (const id of ids.slice(3)) {
      await settled();
      await running.gap();
      expect(await redis(id, 'CLUSTER', 'FAILOVER')).toBe('OK');
      await settled();
      bare.push(await running.gap());
    }
    const ours: number[] = [];
    for (let round = 0; round < 20; round += 1) {
      await running.gap();
      const { moves } = await json(0, '--yes', 'failover', String((round % 3) + 1));
      expect(moves).toHaveLength(1);
      ours.push(await running.gap());
    }
    const report = await running.finish();
    tell('20 graceful failovers', {
      gapMedianMs: median(ours),
      gapMaxMs: Math.max(...ours),
      bareGapsMs: bare,
      gapsMs: ours,
      ...report,
    });
    expect(report.lost).toBe(0);
    expect(report.errors).toEqual({});
    await json(0, '--yes', 'balance-masters');
    await expectSoundOn(lab.host('redis1'), 7000);
  });

  // It does not follow a replica that takes over, but ends: so each shard has a run of its own. What it was
  // told is not known, either; but all of it was executed, and what a master has executed can be compared
  // with what is kept.
  it.each([1, 2, 3])(
    'redis-benchmark loses nothing that the master of shard %i has executed',
    async (shard) => {
      const masters = ids.slice(0, 3);
      const [master = '', replica = ''] = [ids[shard - 1], ids[3 + (shard % 3)]];
      const before = { executed: await incrementsBy(masters), kept: await sumOfCounters(master) };
      const mine = await incrementsBy([master]);
      const benchmark = startBenchmark(addressOf(master));
      const start = performance.now();
      await until(async () => expect(await incrementsBy([master])).toBeGreaterThan(mine + 1000));
      const { moves } = await json(0, '--yes', 'failover', String(shard));
      expect(moves[0].handOver).toMatchObject({ from: master, to: replica });
      expect(await benchmark.ended).toContain('could not find node with ID');
      const seconds = (performance.now() - start) / 1000;
      const executed = (await incrementsBy([master])) - mine;
      const kept = (await sumOfCounters(replica)) - before.kept;
      const rate = Math.round(((await incrementsBy(masters)) - before.executed) / seconds);
      tell('redis-benchmark --cluster during a failover', { executed, kept, rate });
      expect(kept).toBe(executed);
      await json(0, '--yes', 'balance-masters');
    },
  );

  it('a host is drained, rebooted and undrained', async () => {
    const running = await load();
    const drained = await json(0, '--yes', 'drain', 'redis2');
    expect(drained).toMatchObject({ safeToReboot: true, moves: [{ handOver: { from: 'redis2:7001' } }] });
    await lab.host('redis2').reboot();
    const back = await json(0, '--yes', 'undrain', 'redis2');
    expect(back.moves).toMatchObject([{ handOver: { to: 'redis2:7001' } }]);
    const report = await running.finish();
    tell('drain, reboot, undrain', report);
    expect(report.lost).toBe(0);
    await expectSoundOn(lab.host('redis1'), 7000);
  });

  it('all six are restarted, one after the other', async () => {
    const running = await load();
    const { restarted } = await json(0, 'restart', 'all');
    const report = await running.finish();
    tell('rolling restart of six', report);
    expect(restarted).toHaveLength(6);
    expect(report.lost).toBe(0);
    await expectSoundOn(lab.host('redis1'), 7000);
  });

  it('a master is killed and held down: the cluster recovers by itself, and the loss is counted', async () => {
    const running = await load();
    const { record } = await json(0, 'drill', '3', '--confirm', 'lab');
    const report = await running.finish();
    tell('drill: SIGKILL', { record, report });
    expect(record.from).toBe('redis3:7002');
    await settled();
  });

  it('a killed master that systemd starts again is back by itself, and the loss is counted', async () => {
    const running = await load();
    await lab
      .host('redis1')
      .run('kill -KILL "$(systemctl show -p MainPID --value weedgo-redis@7000.service)"');
    await settled();
    await goesOn(running);
    const report = await running.finish();
    tell('SIGKILL, started again by systemd', report);
    await json(0, '--yes', 'balance-masters');
  });

  it('a cut host is replaced by the cluster itself, and the loss is counted', async () => {
    const running = await load();
    await lab.host('redis3').cut();
    await until(async () => expect(await redis('redis1:7003', 'ROLE')).toMatch(/^master/), {
      timeoutMs: 120_000,
    });
    await lab.host('redis3').uncut();
    await settled();
    await goesOn(running);
    tell('cut host, by itself', await running.finish());
    await json(0, '--yes', 'balance-masters');
  });

  it('a cut host is replaced at once and without typing, since nobody can reach it, and the loss is counted', async () => {
    const running = await load();
    // An earlier election, of which this replica still has the votes, would have it wait.
    await json(0, 'restart', 'redis2:7004');
    // Long enough that the cluster itself does not come first: we have to find out that SSH gets no answer.
    for (const id of ids) await redis(id, 'CONFIG', 'SET', 'cluster-node-timeout', '15000');
    await lab.host('redis1').cut();
    const { moves } = await json(0, '--yes', 'failover', 'redis1:7000', '--force');
    const [{ death, handOver, statement, after }] = moves;
    tell('cut host, --force', { death, handOver, statement, after });
    expect(death.kind).toBe('host');
    expect(handOver).toMatchObject({ from: 'redis1:7000', to: 'redis2:7004', masterGone: true });
    await lab.host('redis1').uncut();
    for (const id of ids) await redis(id, 'CONFIG', 'SET', 'cluster-node-timeout', '2000');
    await settled();
    await goesOn(running);
    const report = await running.finish();
    tell('cut host', report);
    await json(0, '--yes', 'balance-masters');
    await expectSoundOn(lab.host('redis1'), 7000);
  });
});

describe('the lock and the log on hosts', () => {
  it('outlives a killed operator elsewhere by less than 30 s', async () => {
    const elsewhere = await createCliElsewhere();
    try {
      const run = elsewhere.start('restart', 'all');
      await new Promise<void>((resolve) => {
        run.onLine((line) => {
          if (line.includes('restart redis')) resolve();
        });
      });
      expect((await json(4, '--yes', 'failover', '1')).error.message).toMatch(/is locked by .*: restart all/);
      run.kill('SIGKILL');
      await run.done;
      await until(async () => void (await json(0, '--yes', 'balance-masters')), { timeoutMs: 45_000 });
      const { restarted, before } = await json(0, 'restart', 'all');
      expect(restarted.length + before.length).toBe(6);
    } finally {
      await elsewhere.close();
    }
  });

  it('lets one of two failovers work', async () => {
    const runs = [
      cli.start('--json', '--yes', 'failover', '1'),
      cli.start('--json', '--yes', 'failover', '2'),
    ];
    const codes = (await Promise.all(runs.map(({ done }) => done))).map(({ code }) => code);
    // The second may come when the first is done.
    expect([[0, 4].join(), [0, 0].join()]).toContain(codes.toSorted((x, y) => x - y).join());
    await json(0, '--yes', 'balance-masters');
  });

  it('keeps the audit log and the lock to root, and the history tells who did what from where', async () => {
    for (const host of lab.hosts) {
      const modes = await host.run(
        'stat -c "%a %U %n" /var/log/weedgo-redis /var/log/weedgo-redis/audit.jsonl /run/weedgo-redis',
      );
      // The nodes' own log folders are below, so that their users must be able to pass.
      expect(modes).toBe(
        '755 root /var/log/weedgo-redis\n600 root /var/log/weedgo-redis/audit.jsonl\n700 root /run/weedgo-redis\n',
      );
      expect(await host.run('cat /var/log/weedgo-redis/audit.jsonl')).not.toContain(password);
    }
    const { entries } = await json(0, 'history', '--limit', '200');
    const last = entries.at(-1);
    expect(last).toMatchObject({ outcome: 'done', hosts: ['redis1', 'redis2', 'redis3'], missingOn: [] });
    expect(last.command).toContain('balance-masters');
    expect(last.from).toEqual([lab.host('redis1').address.replace(/\d+$/, '1')]);
    expect(entries.map(({ outcome }: { outcome: string }) => outcome)).toContain('abandoned');
  });
});

/** `ended`: what it had to say, once it has ended. */
function startBenchmark({ host, port }: ReturnType<typeof addressOf>): { readonly ended: Promise<string> } {
  // redis-benchmark takes its password in no other way; the process list is this test's own machine's.
  const where = ['-h', host, '-p', String(port), '-a', password, '--cluster'];
  const args = [...where, '-t', 'incr', '-n', '10000000', '-c', '6', '-q'];
  const benchmark = spawn('redis-benchmark', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  benchmark.stderr.on('data', (data) => (said += String(data)));
  return { ended: once(benchmark, 'close').then(() => said) };
}

/**
 * INCRs that the nodes have executed since their processes started, their masters' included, refused ones
 * not.
 */
async function incrementsBy(nodes: readonly string[]): Promise<number> {
  const calls = nodes.map(async (id) =>
    Number(/^cmdstat_incr:calls=(\d+)/m.exec(await redis(id, 'INFO', 'commandstats'))?.[1] ?? 0),
  );
  return (await Promise.all(calls)).reduce((sum, count) => sum + count, 0);
}

/** What redis-benchmark's INCRs have come to on this node. */
async function sumOfCounters(id: string): Promise<number> {
  const keys = (await redis(id, '--scan', '--pattern', 'counter:*')).split('\n').filter((key) => key !== '');
  const values = await Promise.all(keys.map((key) => redis(id, 'GET', key)));
  return values.reduce((sum, value) => sum + Number(value), 0);
}

/** In a pid namespace of its own, so that nobody can see that its process is gone: as on another machine. */
async function createCliElsewhere(): Promise<Cli> {
  const { createCli } = await import('../../support/cli.ts');
  return createCli(labNodes(lab, over), {
    env: { LAB_PASSWORD: password },
    user: 'own',
    under: ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc'],
  });
}
