import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RefusedError } from '../../../src/base/errors.ts';
import { changing } from '../../../src/session/changing.ts';
import { leaseSeconds } from '../../../src/session/lock/script.ts';
import { localInventory } from '../../support/inventory.ts';
import { startNodes } from '../../support/redis.ts';
import type { TestNodes } from '../../support/redis.ts';
import { until } from '../../support/until.ts';
import { redisCli } from '../provision/support.ts';
import { openLocalSession } from './session.ts';

const port = 19_020;
const inventory = localInventory([port], { mode: 'standalone', password: false });

type Holder = { readonly child: ChildProcess; readonly dir: string; readonly clock: string };

let root: string;
let server: TestNodes;
let before: string | undefined;
const holders: Holder[] = [];

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'weedgo-fenced-'));
  before = process.env['XDG_STATE_HOME'];
  server = await startNodes({ ports: [port], cluster: false });
  const source = join(import.meta.dirname, 'slow-clock.c');
  execFileSync('cc', ['-shared', '-fPIC', '-o', join(root, 'slow-clock.so'), source, '-ldl']);
});

afterAll(async () => {
  for (const { child } of holders) child.kill('SIGKILL');
  if (before === undefined) delete process.env['XDG_STATE_HOME'];
  else process.env['XDG_STATE_HOME'] = before;
  await server?.close();
  await rm(root, { recursive: true, force: true });
});

/** A process that holds the lock of a state folder of its own and changes something all the time. */
async function hold(name: string): Promise<Holder> {
  const dir = join(root, name);
  await mkdir(dir);
  const clock = join(dir, 'clock');
  await writeFile(clock, Buffer.alloc(8));
  const child = spawn(process.execPath, ['--import', 'tsx', join(import.meta.dirname, 'fenced-child.ts')], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      DIR: dir,
      PORTS: String(port),
      XDG_STATE_HOME: dir,
      CLOCK_FILE: clock,
      LD_PRELOAD: join(root, 'slow-clock.so'),
    },
  });
  await once(child.stdout, 'data');
  const holder = { child, dir, clock };
  holders.push(holder);
  await until(() => readFile(join(dir, 'written')));
  return holder;
}

/** Another operator's command: it waits until the lock is free. */
async function work({ dir }: Holder): Promise<readonly string[]> {
  process.env['XDG_STATE_HOME'] = dir;
  for (;;) {
    const session = openLocalSession(inventory);
    try {
      return await changing(session, { command: 'other', reason: 'other' }, async () => ['worked']);
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      await sleep(500);
    } finally {
      await session.close();
    }
  }
}

/** What the holder was told when it went on, once it has tried everything. */
async function toldTo({ child, dir }: Holder): Promise<readonly string[]> {
  const exited = once(child, 'exit');
  child.kill('SIGCONT');
  await exited;
  return JSON.parse(await readFile(join(dir, 'told'), 'utf8')) as readonly string[];
}

const counterOf = async ({ dir }: Holder): Promise<string> =>
  readFile(join(dir, 'weedgo-redis/.operations/test.lock-count'), 'utf8');

describe('a holder whose lock another has had meanwhile', () => {
  it('changes nothing more after it was stopped, nor after a suspend, whose clock stood still', async () => {
    const stopped = await hold('stopped');
    const suspended = await hold('suspended');
    for (const { child } of [stopped, suspended]) child.kill('SIGSTOP');
    await sleep((leaseSeconds + 1) * 1000);
    for (const holder of [stopped, suspended]) {
      const written = await readFile(join(holder.dir, 'written'), 'utf8');
      const [first = ''] = (await counterOf(holder)).split(' ');
      expect(await work(holder)).toEqual(['worked']);
      if (holder === suspended) {
        const behind = Buffer.alloc(8);
        behind.writeBigInt64LE(BigInt(leaseSeconds + 1));
        await writeFile(holder.clock, behind);
      }
      const told = await toldTo(holder);
      expect(told).toHaveLength(3);
      for (const each of told) expect(each).toContain('the lock was lost: 0 of 1 hosts have confirmed it');
      expect(await readFile(join(holder.dir, 'written'), 'utf8')).toBe(written);
      expect(Number((await counterOf(holder)).split(' ')[0])).toBe(Number(first) + 1);
    }
    expect((await redisCli(undefined, ['-p', String(port), 'CONFIG', 'GET', 'timeout'])).output).toBe(
      'timeout\n0\n',
    );
  });

  it('is refused by the host itself, however short it was away', async () => {
    const holder = await hold('seized');
    holder.child.kill('SIGSTOP');
    const written = await readFile(join(holder.dir, 'written'), 'utf8');
    const lock = join(holder.dir, 'weedgo-redis/.operations/test.lock');
    const lines = (await readFile(lock, 'utf8')).split('\n');
    await writeFile(lock, lines.with(1, 'another boot').join('\n'));
    expect(await work(holder)).toEqual(['worked']);
    const told = await toldTo(holder);
    expect(told).toHaveLength(3);
    for (const each of told)
      expect(each).toContain('the lock was lost: another command holds it on local, or may have held it');
    expect(await readFile(join(holder.dir, 'written'), 'utf8')).toBe(written);
  });
});
