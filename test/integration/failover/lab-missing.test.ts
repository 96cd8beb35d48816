import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createLab } from '../../lab/lab.ts';
import type { Lab } from '../../lab/lab.ts';
import type { Cli } from '../../support/cli.ts';
import { until } from '../../support/until.ts';
import { createLabCli, password } from '../provision/lab-support.ts';
import { startLoad } from './load.ts';
import { documentOf, redisCli } from './place.ts';
import type { Json } from './place.ts';

vi.setConfig({ testTimeout: 600_000, hookTimeout: 900_000 });

let lab: Lab;
let cli: Cli;
/** A short timeout shortens the rest between two elections of one replica, which is 4 times as long. */
const timeoutMs = 2000;
const over = { production: false, config: { maxmemory: '128mb', 'cluster-node-timeout': timeoutMs } };
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

const setTimeouts = async (ms: number): Promise<void> => {
  await Promise.all(ids.map((id) => redis(id, 'CONFIG', 'SET', 'cluster-node-timeout', String(ms))));
};

const onPeers = (script: string): Promise<unknown> =>
  Promise.all(['redis2', 'redis3'].map((name) => lab.host(name).run(script)));

/** The lines of one finding's remedy that are commands of the tool, as arguments. */
const remedyOf = ({ findings }: Json, id: string): readonly (readonly string[])[] =>
  findings
    .filter((finding: Json) => finding.id === id)
    .flatMap((finding: Json) => finding.remedy)
    .filter((line: string) => line.startsWith('weedgo-redis'))
    .map((line: string) => line.split(' ').slice(3));

describe('one host of three stays away after a power loss', () => {
  it('start starts the others, and says what would serve the lost slots', async () => {
    await redis('redis1:7000', 'SET', '{06S}', 'kept');
    await json(0, '--yes', 'stop');
    await lab.host('redis1').powerOff();
    const { error } = await json(1, 'start');
    expect(error.message).toContain('redis1 cannot be reached: redis1:7000, redis1:7003 were not started');
    expect(error.hints.join('\n')).toContain('failover --to redis2:7004 --force --confirm shard-1');
    for (const id of ids.filter((each) => !each.startsWith('redis1')))
      expect(await redis(id, 'PING')).toBe('PONG');
  });

  it('verify prints that takeover first, and it works as printed', async () => {
    const takeover = await until(
      async () => {
        const [first] = remedyOf(await json(3, 'verify'), 'WR-HOST-UNREACHABLE');
        expect(first).toContain('failover');
        return first ?? [];
      },
      { timeoutMs: 60_000 },
    );
    await json(0, ...takeover);
    await until(async () =>
      expect(await redis('redis3:7002', 'CLUSTER', 'INFO')).toContain('cluster_state:ok'),
    );
    expect(await redis('redis2:7004', 'GET', '{06S}')).toBe('kept');
  });

  it('a node elsewhere can be started, and stop says what it did not stop', async () => {
    await lab.host('redis3').run('systemctl stop weedgo-redis@7005');
    const { restarted } = await json(0, 'restart', 'redis3:7005');
    expect(restarted).toMatchObject([{ node: 'redis3:7005' }]);
    expect((await json(1, '--yes', 'stop')).error.message).toContain(
      'redis1:7000, redis1:7003 were not stopped',
    );
    await lab.host('redis1').boot();
    await json(0, 'start');
    await json(0, '--yes', 'balance-masters');
  });
});

describe('a host that this machine cannot reach, with peers that forward nothing and log in slowly', () => {
  beforeAll(async () => {
    await setTimeouts(15_000);
    await onPeers(`
      printf 'AllowTcpForwarding no\\nMaxSessions 1\\n' > /etc/ssh/sshd_config.d/00-limits.conf
      echo 'session required pam_exec.so quiet /bin/sleep 1.5' >> /etc/pam.d/sshd
      systemctl restart ssh`);
  });
  afterAll(() =>
    onPeers(`
      rm /etc/ssh/sshd_config.d/00-limits.conf
      sed -i /pam_exec/d /etc/pam.d/sshd
      systemctl restart ssh`),
  );

  it('is not replaced while it serves: no peer has said that it cannot reach it', async () => {
    const load = await startLoad(ids.map(addressOf), password);
    await lab.host('redis1').run('systemctl stop ssh.socket ssh || systemctl stop ssh');
    // That it resolves shows that the process ends.
    const { error } = await json(4, '--yes', 'failover', 'redis1', '--force');
    expect(error.message).toMatch(
      /nothing proves that redis1:7000 is dead \(redis[23] reaches redis1:7000\)/,
    );
    expect(await redis('redis1:7000', 'ROLE')).toMatch(/^master/);
    expect((await load.finish()).lost).toBe(0);
    await lab.host('redis1').run('systemctl start ssh');
  });

  it('is replaced without typing once it is off, on the word of the peers', async () => {
    await lab.host('redis1').powerOff();
    const { moves } = await json(0, '--yes', 'failover', 'redis1', '--force');
    expect(moves).toMatchObject([{ death: { kind: 'host' }, handOver: { to: 'redis2:7004' } }]);
    expect(moves[0].death.evidence.join('; ')).toMatch(/redis[23] cannot reach redis1:7000/);
    await lab.host('redis1').boot();
    await json(0, 'start');
  });
});

describe('a master that systemd starts again and again', () => {
  it('is not dead; by name it is stopped for certain, replaced, and started again as a replica', async () => {
    await setTimeouts(60_000);
    const host = lab.host('redis3');
    // A process that ends at once: the unit waits for its restart nearly all of the time.
    await host.run(`
      mkdir -p /etc/systemd/system/weedgo-redis@7002.service.d
      printf '[Service]\\nExecStartPre=+/bin/sh -c "[ -e /run/well ]"\\n' > /etc/systemd/system/weedgo-redis@7002.service.d/ill.conf
      systemctl daemon-reload; systemctl kill --signal=KILL weedgo-redis@7002`);
    await until(async () =>
      expect(await host.run('systemctl show -p SubState --value weedgo-redis@7002')).toContain(
        'auto-restart',
      ),
    );
    const refused = await json(4, '--yes', 'failover', 'redis3:7002', '--force');
    expect(refused.error.message).toMatch(/weedgo-redis@7002.service is activating \(auto-restart\)/);
    const run = cli.start('--json', '-v', 'failover', 'redis3:7002', '--force', '--confirm', 'shard-3');
    run.onLine((line) => {
      if (line.includes('stop weedgo-redis@7002')) void host.run('touch /run/well');
    });
    const { moves } = documentOf(await run.done, 0);
    expect(moves).toMatchObject([{ handOver: { from: 'redis3:7002' }, fenced: { startsAgain: true } }]);
    await until(async () => expect(await redis('redis3:7002', 'ROLE')).toMatch(/^slave/));
    await setTimeouts(timeoutMs);
  });
});

describe('two hosts of three are lost', () => {
  it('verify says that no majority is left, and its takeover works as printed', async () => {
    await json(0, '--yes', 'balance-masters');
    await lab.host('redis1').powerOff();
    await lab.host('redis2').powerOff();
    const takeover = await until(
      async () => {
        const report = await json(3, 'verify');
        expect(JSON.stringify(report.findings)).toContain('(fail?)');
        const [first] = remedyOf(report, 'WR-MAJORITY-LOST');
        expect(first).toContain('--takeover');
        return first ?? [];
      },
      { timeoutMs: 90_000 },
    );
    const { moves } = await json(0, ...takeover);
    expect(moves).toMatchObject([{ handOver: { from: 'redis2:7001', to: 'redis3:7005' } }]);
  });
});
