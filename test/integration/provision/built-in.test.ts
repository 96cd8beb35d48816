import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Cli, createCli } from '../../support/cli.ts';
import { attempt } from '../../lab/run.ts';
import { expectCode } from './support.ts';

/** The built-in inventory has fixed ports: a network of their own keeps this machine's out of the way. */
describe.skipIf(process.getuid?.() !== 0)('with nothing but this machine', () => {
  let network: ChildProcess;
  let inside: readonly string[];
  let cli: Cli;

  beforeAll(async () => {
    const script = 'ip link set lo up && echo up && exec sleep infinity';
    network = spawn('unshare', ['--net', 'sh', '-c', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    if (network.stdout) await once(network.stdout, 'data');
    inside = ['nsenter', `--net=/proc/${network.pid}/ns/net`];
    cli = await createCli(undefined, { under: inside });
  });
  afterAll(async () => {
    await cli?.close();
    network?.kill('SIGKILL');
  });

  test('one command and no inventory make six nodes a cluster', async () => {
    const provisioned = await cli.run('provision');
    expectCode(provisioned, 0);
    expect(provisioned.stderr).toContain('no inventory given: using the built-in one');
    const file = join(cli.home, '.config/weedgo-redis/local.password');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const password = (await readFile(file, 'utf8')).trim();
    const check = ['env', `REDISCLI_AUTH=${password}`, 'redis-cli', '--cluster', 'check', '127.0.0.1:7000'];
    const judged = await attempt([...inside, ...check]);
    expect(judged.stdout).toContain('[OK] All nodes agree about slots configuration.');
    expect(judged.stdout).toContain('[OK] All 16384 slots covered.');
    expect(judged.code).toBe(0);
    expect((await cli.run('provision')).stdout).toContain('Nothing to do: weedgo-local');
    expectCode(await cli.run('destroy', '--confirm', 'weedgo-local'), 0);
  });
});
