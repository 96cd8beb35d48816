import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Lab } from '../../lab/lab.ts';
import type { Cli } from '../../support/cli.ts';
import { createFirewallLab, createLabCli, inventoryOf, switchOn } from './firewalled-lab.ts';

type Line = {
  readonly check: string;
  readonly outcome: string;
  readonly detail: string;
  readonly hints: readonly string[];
};

let lab: Lab;
let cli: Cli;

beforeAll(async () => {
  lab = await createFirewallLab();
  cli = await createLabCli(lab);
});
afterAll(async () => {
  await cli?.close();
  await lab?.close();
});

type HostOver = Readonly<Record<string, object>>;

/** Checks an inventory in which hosts have settings of their own: exit code, and lines by host and name. */
async function check(over: object = {}, hosts: HostOver = {}) {
  const base = inventoryOf(lab, over) as { readonly hosts: readonly { readonly name: string }[] };
  await cli.setInventory({ ...base, hosts: base.hosts.map((host) => ({ ...host, ...hosts[host.name] })) });
  const { code, stdout } = await cli.run('--json', 'check');
  const report = JSON.parse(stdout) as {
    readonly ok: boolean;
    readonly exitCode: number;
    readonly hosts: readonly { readonly host: string; readonly lines: readonly Line[] }[];
  };
  expect([report.ok, report.exitCode]).toEqual([code === 0, code]);
  const lineOf = (host: string, name: string): Line | undefined =>
    report.hosts.find((each) => each.host === host)?.lines.find((line) => line.check === name);
  /** `host name: detail` of every line that failed. */
  const failed = report.hosts.flatMap(({ host, lines }) =>
    lines
      .filter(({ outcome }) => outcome === 'failed')
      .map((line) => `${host} ${line.check}: ${line.detail}`),
  );
  const unknown = report.hosts.flatMap(({ host, lines }) =>
    lines.filter(({ outcome }) => outcome === 'unknown').map((line) => `${host} ${line.check}`),
  );
  return { code, lineOf, failed, unknown };
}

/** The commands of a line, as they are printed. */
const commandsOf = (line: Line | undefined): string =>
  (line?.hints ?? []).filter((hint) => hint.startsWith('  ')).join('\n');

test('three hosts in order: every line says so, exit 0', async () => {
  const { code, lineOf, failed, unknown } = await check();
  expect([code, failed, unknown]).toEqual([0, [], []]);
  expect(lineOf('redis1', 'server')?.detail).toMatch(/^redis-server 7\.0\.15 is installed/);
  expect(lineOf('redis2', 'ports')?.detail).toBe('7001, 17001, 7004, 17004 free');
  expect(lineOf('redis2', 'peers')?.detail).toBe('no port is shut; 8 of 8 have no listener yet');
  expect(lineOf('redis3', 'firewall')).toMatchObject({
    outcome: 'warning',
    detail: expect.stringContaining('nothing limits who reaches the bus ports 17002, 17005'),
  });
});

test('without a way there: the line that stopped it says why, those after it are unknown, other hosts are judged', async () => {
  const strange = join(lab.dir, 'empty_known_hosts');
  await writeFile(strange, '');
  const { code, failed, unknown, lineOf } = await check(
    {},
    {
      redis1: { ssh: { port: 2222 } },
      redis2: { ssh: { knownHostsFile: strange, strictHostKeyChecking: 'yes' } },
      redis3: { ssh: { user: 'nobody-there' } },
    },
  );
  expect(code).toBe(1);
  expect(failed.map((line) => line.split(':')[0])).toEqual([
    'redis1 tcp',
    'redis2 host key',
    'redis3 authentication',
  ]);
  expect(lineOf('redis1', 'tcp')?.detail).toMatch(/refused/i);
  expect(lineOf('redis2', 'host key')?.hints.join('\n')).toMatch(/ssh/);
  expect(unknown).toEqual([
    'redis1 host key',
    'redis1 authentication',
    'redis1 root',
    'redis2 authentication',
    'redis2 root',
    'redis3 root',
  ]);
});

test('a host that is off, one whose name nobody knows, and sudo that wants a password', async () => {
  const nowhere = lab.host('client').address.replace(/\d+$/, '250');
  const { code, failed } = await check(
    {},
    {
      redis1: { address: nowhere, ssh: { connectTimeout: 3 } },
      redis2: { address: 'no-such-host.invalid', privateAddress: lab.host('redis2').address },
      redis3: { ssh: { user: 'deploypw' } },
    },
  );
  expect(code).toBe(1);
  expect(failed.map((line) => line.split(':')[0])).toEqual(['redis1 tcp', 'redis2 name', 'redis3 root']);
  expect(failed[2]).toMatch(/password/);
});

test('a port in use is named with who has it; a version outside the range', async () => {
  const host = lab.host('redis1');
  await host.run('systemd-run -q --unit=squatter redis-server --port 17003 --save ""');
  const { code, failed } = await check({ version: '>=8.0' });
  await host.run('systemctl stop squatter');
  expect(code).toBe(1);
  expect(failed).toEqual([
    expect.stringMatching(/^redis1 server: .*7\.0\.15.*>=8\.0/),
    expect.stringMatching(/^redis1 ports: redis1:7003: its bus port 17003 is in use by redis-server/),
    expect.stringMatching(/^redis2 server: /),
    expect.stringMatching(/^redis3 server: /),
  ]);
});

test('a bus port that is dropped for one peer, and no firewall of the host that would say so', async () => {
  const unblock = await lab.host('redis3').block({ peer: lab.host('redis1'), port: 17_002, direction: 'in' });
  const { code, failed, lineOf } = await check();
  await unblock();
  expect(code).toBe(1);
  expect(failed).toEqual([
    'redis3 peers: redis1 cannot reach bus port 17002: no answer: a firewall drops it, or there is no way back',
  ]);
  expect(lineOf('redis3', 'peers')?.hints.join('\n')).toContain('Let TCP 17002 through from redis1');
});

test('ufw, firewalld and nftables in the way: the rules that are printed open them', async () => {
  await switchOn(lab);
  const clients = [lab.host('client').address];
  const shut = await check({ firewall: { clients } });
  expect(shut.code).toBe(1);
  expect(shut.failed).toEqual([
    'redis1 peers: redis2, redis3 cannot reach 7000, 7003, 17000, 17003',
    'redis1 firewall: ufw keeps out redis2, redis3',
    'redis2 peers: redis1, redis3 cannot reach 7001, 7004, 17001, 17004',
    'redis2 firewall: firewalld (zone public) keeps out redis1, redis3',
    'redis3 peers: redis1, redis2 cannot reach 7002, 7005, 17002, 17005',
    'redis3 firewall: nftables (inet filter input) keeps out redis1, redis2',
  ]);
  for (const { name } of lab.hosts.slice(0, 3)) {
    await lab.host(name).run(`set -e\n${commandsOf(shut.lineOf(name, 'firewall'))}`);
  }
  const open = await check({ firewall: { clients } });
  expect([open.code, open.failed]).toEqual([0, []]);
  for (const { name } of lab.hosts.slice(0, 3)) {
    expect(open.lineOf(name, 'firewall')).toMatchObject({
      outcome: 'ok',
      detail: expect.stringMatching(/ lets in the peers and clients$/),
    });
  }
});

test('clients without a rule are a warning: nobody can try from there', async () => {
  const { code, lineOf } = await check({ firewall: { clients: ['10.9.0.0/16'] } });
  expect(code).toBe(0);
  expect(lineOf('redis1', 'firewall')).toMatchObject({
    outcome: 'warning',
    detail: 'ufw has no rule that is seen to let the clients in',
  });
  expect(commandsOf(lineOf('redis1', 'firewall'))).toBe(
    '  ufw allow proto tcp from 10.9.0.0/16 to any port 7000,7003',
  );
});

test('a firewall that refuses is told from a port that nobody has, by listening there for a moment', async () => {
  const host = lab.host('redis1');
  await host.run(
    'ufw --force reset >/dev/null; ufw default reject incoming; ufw allow 22/tcp; ufw --force enable',
  );
  const { code, lineOf } = await check();
  expect(code).toBe(1);
  expect(lineOf('redis1', 'firewall')).toMatchObject({
    outcome: 'failed',
    detail: 'ufw keeps out redis2, redis3',
  });
  expect((await host.run('ss -Hltn "sport >= :7000"')).trim()).toBe('');
  await host.run('ufw default allow incoming');
});
