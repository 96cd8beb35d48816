import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Cluster } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Cli, type CliResult, createCli, processesBelow } from '../../support/cli.ts';
import { expectCode, expectSound, localNodes, portsFrom, redisCli } from './support.ts';

const ports = portsFrom(18_160);
/** Parts that every way of quoting leaves as they are tell a leak; another run on this machine has others. */
const [adminTrace, appTrace] = [
  `admin${randomBytes(6).toString('hex')}`,
  `app${randomBytes(6).toString('hex')}`,
];
const traces = [adminTrace, appTrace];
/** As awkward as passwords may be. */
const secrets = {
  admin: `${String.raw`sp ace "it's $HOME \ #one`}-${adminTrace} ü`,
  application: `${String.raw`'"\$(id) #x%s`}-${appTrace}`,
};
let cli: Cli;

beforeAll(async () => {
  cli = await createCli(
    localNodes(ports, {
      auth: {
        password: { env: 'ADMIN_PASSWORD' },
        application: { user: 'app', password: { file: 'app.password' } },
      },
    }),
    { env: { ADMIN_PASSWORD: secrets.admin } },
  );
  await cli.write('app.password', `${secrets.application}\n`);
});
afterAll(() => cli?.close());

/** Runs a command while every process of this machine is looked at, over and over. */
async function watched(...args: readonly string[]): Promise<CliResult> {
  const run = cli.start(...args);
  const found = new Set<string>();
  const look = setInterval(() => leaks().forEach((leak) => found.add(leak)), 15);
  try {
    const result = await run.done;
    for (const trace of traces) {
      expect(result.stdout).not.toContain(trace);
      expect(result.stderr).not.toContain(trace);
    }
    expect([...found]).toEqual([]);
    return result;
  } finally {
    clearInterval(look);
  }
}

/**
 * Argument vectors and environments with a trace. The command's own environment is where the operator put it;
 * a child that it has forked shows the same until it becomes another program, so what a process is is read
 * first.
 */
function leaks(): readonly string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((pid) => {
      const command = read(pid, 'cmdline');
      const isOurs = cli.inventory !== undefined && command.includes(cli.inventory);
      const shown = isOurs ? command : command + read(pid, 'environ');
      return traces.some((trace) => shown.includes(trace)) ? [`${pid} ${command}`] : [];
    });
}

function read(pid: string, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return '';
  }
}

test('plan and provision show no secret, and hand none to a process', async () => {
  const planned = await watched('plan', '--diff');
  expectCode(planned, 0);
  expect(planned.stdout).toContain('+requirepass "***"');
  expect(planned.stdout).toContain('+user "app" "reset" "on" "***"');
  expectCode(await watched('--json', 'plan'), 0);
  expectCode(await watched('--verbose', 'provision'), 0);
  expectCode(await watched('provision'), 0);
});

test('the passwords work from end to end: for redis-cli, replication and the application', async () => {
  await expectSound(18_160, secrets.admin);
  const replication = await redisCli(secrets.admin, ['-p', '18165', 'INFO', 'replication']);
  expect(replication.output).toContain('master_link_status:up');
  const client = new Cluster([{ host: '127.0.0.1', port: 18_160 }], {
    redisOptions: { username: 'app', password: secrets.application },
  });
  try {
    expect(await client.set('key', 'value')).toBe('OK');
    expect(await client.get('key')).toBe('value');
  } finally {
    client.disconnect();
  }
});

test('what runs then has them neither in its arguments nor its environment', () => {
  const servers = processesBelow(cli.dir);
  expect(servers).toHaveLength(6);
  for (const pid of servers) {
    const shown = read(String(pid), 'cmdline') + read(String(pid), 'environ');
    expect(shown).toContain('redis-server');
    expect(traces.filter((trace) => shown.includes(trace))).toEqual([]);
  }
  expect(leaks()).toEqual([]);
});

test('on disk they stand in each redis.conf alone, which its owner alone may read', async () => {
  const files = (await readdir(cli.state, { recursive: true, withFileTypes: true })).filter((entry) =>
    entry.isFile(),
  );
  const holders: string[] = [];
  for (const { parentPath, name } of files) {
    const content = await readFile(join(parentPath, name), 'latin1');
    if (traces.some((trace) => content.includes(trace))) holders.push(join(parentPath, name));
  }
  const confs = ports.map((port) => join(cli.state, 'weedgo-redis', 'test', String(port), 'redis.conf'));
  expect(holders.toSorted()).toEqual(confs);
  for (const conf of confs) expect((await stat(conf)).mode & 0o777).toBe(0o600);
  const audit = await readFile(join(cli.state, 'weedgo-redis/.operations/test.audit.jsonl'), 'utf8');
  expect(audit.match(/"outcome":"done"/g)).toHaveLength(2);
});

test('changes and failures show none either', async () => {
  await cli.write('app.password', `new-${appTrace}\n`);
  const planned = await watched('plan');
  expect(planned.stdout).toContain('# user: another value, not shown');
  expectCode(await watched('--verbose', 'provision'), 0);
  const auth = {
    password: { env: 'ADMIN_PASSWORD' },
    application: { user: 'app', password: { file: 'app.password' } },
  };
  await cli.setInventory(localNodes(ports, { auth, config: { 'proto-max-bulk-len': '1kb' } }));
  expectCode(await watched('--verbose', 'provision'), 1);
  await cli.setInventory(localNodes(ports, { auth, config: { 'tcp-backlog': 128 } }));
  // Its new files are tried by a server of its own.
  expectCode(await watched('plan'), 0);
  expectCode(await watched('--json', 'provision', '--no-restart'), 4);
  await cli.setInventory(localNodes(ports, { auth: { password: { file: 'wrong' } } }));
  await cli.write('wrong', `wrong-${adminTrace}\n`);
  expectCode(await watched('--verbose', 'provision'), 4);
  await cli.setInventory(localNodes(ports, { auth }));
  expectCode(await watched('--verbose', 'provision'), 0);
  expectCode(await watched('--verbose', 'stop'), 0);
  expectCode(await watched('--verbose', 'destroy', '--confirm', 'test'), 0);
  const audit = await readFile(join(cli.state, 'weedgo-redis/.operations/test.audit.jsonl'), 'utf8');
  expect(traces.filter((trace) => audit.includes(trace))).toEqual([]);
});

test('a server that does not start does not take its password into the message', async () => {
  await cli.setInventory(
    localNodes(ports, {
      auth: { password: { env: 'ADMIN_PASSWORD' } },
      config: { 'proto-max-bulk-len': '1kb' },
    }),
  );
  const failed = await watched('--verbose', 'provision');
  expectCode(failed, 1);
  expect(failed.stderr).toContain('FATAL CONFIG FILE ERROR');
});
