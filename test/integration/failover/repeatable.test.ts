import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { until } from '../../support/until.ts';
import { createPlace } from './place.ts';
import type { Place } from './place.ts';

vi.setConfig({ testTimeout: 400_000, hookTimeout: 400_000 });

let place: Place;
let [a, b, c, a2, b2, c2] = ['', '', '', '', '', ''];

beforeAll(async () => {
  place = await createPlace(18_340);
  [a, b, c, a2, b2, c2] = place.ids;
});
afterAll(() => place.close());

const idOf = async (id: string): Promise<string> => place.redis(id, 'CLUSTER', 'MYID');
const roleOf = async (id: string): Promise<string | undefined> =>
  (await place.redis(id, 'ROLE')).split('\n')[0];

/** What a printed command says when what it is for is done already. */
const nothing = async (...args: readonly string[]): Promise<string> => {
  const { code, stdout, stderr } = await place.run(...args);
  expect(code, `${args.join(' ')}\n${stdout}${stderr}`).toBe(0);
  return stdout;
};

describe('a command that verify prints, pasted again', () => {
  it('failover --to a replica that has meanwhile taken over by itself', async () => {
    await place.signal(a, 'SIGKILL');
    await until(async () => expect(await roleOf(b2)).toBe('master'), { timeoutMs: 60_000 });
    expect(await nothing('failover', '--to', b2, '--force')).toContain(`Nothing to do: ${b2} is a master`);
    expect(await roleOf(b2)).toBe('master');
    await nothing('start');
    for (const flags of [['--force'], ['--takeover'], []])
      expect(await nothing('failover', '--to', b2, ...flags)).toContain(`Nothing to do: ${b2} is a master`);
    expect(await roleOf(b2)).toBe('master');
    await nothing('--yes', 'failover', '--to', a);
    expect(await nothing('failover', '--to', a)).toContain('Nothing to do');
    expect((await place.run('failover', a, '--to', a)).code).toBe(2);
    expect((await place.run('failover', '--to', 'a')).code).toBe(2);
  });

  it('failover --to a master that does not respond is no success', async () => {
    const { error } = await place.paused([c], () => place.json(4, '--yes', 'failover', '--to', c));
    expect(error.message).toContain(`${c} does not respond`);
    await until(async () => expect((await place.json(0, 'status')).state).toBe('up'), { timeoutMs: 60_000 });
  });

  it('start, provision, undrain and balance-masters', async () => {
    await nothing('--yes', 'balance-masters');
    for (const command of ['start', 'provision', 'balance-masters'])
      expect(await place.json(0, command)).toMatchObject({ changed: false });
    expect(await nothing('undrain', 'b')).toContain('Nothing to do');
  });

  it('resync of a node that is in sync', async () => {
    expect(await nothing('resync', b2)).toContain(`Nothing to do: ${b2} is in sync with ${a}`);
    const { error } = await place.json(4, 'resync', a);
    expect(error.message).toContain(`${a} runs and answers`);
  });

  it('call CLUSTER MEET, FORGET, REPLICATE, SETSLOT STABLE, ADDSLOTSRANGE', async () => {
    const { host, port } = place.addressOf(b);
    const calls = [
      [c, 'CLUSTER', 'MEET', host, String(port), String(port + 10_000)],
      ['all', 'CLUSTER', 'FORGET', 'f'.repeat(40)],
      [b2, 'CLUSTER', 'REPLICATE', await idOf(a)],
      [a, 'CLUSTER', 'SETSLOT', '1', 'STABLE'],
      [a, 'CLUSTER', 'ADDSLOTS', '1'],
      [a, 'CLUSTER', 'ADDSLOTSRANGE', '0', '5460'],
      ['all', 'CLIENT', 'KILL', 'TYPE', 'pubsub'],
    ];
    for (const words of calls) await nothing('call', ...words);
    expect([a2, c2].every((id) => id !== '')).toBe(true);
    const other = await place.run('call', b, 'CLUSTER', 'ADDSLOTS', '1');
    expect(other.code).not.toBe(0);
  });
});

describe('a restart that was interrupted while its replica was being copied to', () => {
  it('is finished by the same command: the replica may be elected again', async () => {
    const replica = (await roleOf(b2)) === 'slave' ? b2 : a;
    const master = replica === a ? b2 : a;
    const barred = (): Promise<string> =>
      place.redis(replica, 'CONFIG', 'GET', 'cluster-replica-no-failover');
    // Seconds between a replica's request and its copy.
    await place.redis(master, 'CONFIG', 'SET', 'repl-diskless-sync-delay', '8');
    const run = place.start('restart', replica);
    await until(async () => expect(await barred()).toContain('yes'));
    run.kill('SIGINT');
    expect((await run.done).code).not.toBe(0);
    await place.redis(master, 'CONFIG', 'SET', 'repl-diskless-sync-delay', '5');
    expect(await barred()).toContain('yes');
    await nothing('restart', replica);
    expect(await barred()).toContain('no');
  });
});
