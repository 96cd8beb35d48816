import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { InterruptedError, OperationError, RefusedError } from '../../../src/base/errors.ts';
import { parseAuditLog } from '../../../src/session/audit/line.ts';
import { changing } from '../../../src/session/changing.ts';
import { askLock } from '../../../src/session/lock/ask.ts';
import { lockHolder } from '../../../src/session/lock/holder.ts';
import { withLock } from '../../../src/session/lock/lock.ts';
import { readJournal, writeJournal } from '../../../src/session/journal/journal.ts';
import { locationsOf, stationsOf } from '../../../src/session/stations.ts';
import type { Locations, Station } from '../../../src/session/stations.ts';
import type { Session } from '../../../src/session/session.ts';
import { throwIfInterrupted } from '../../../src/base/wait.ts';
import { localInventory } from '../../support/inventory.ts';
import { until } from '../../support/until.ts';
import { openLocalSession } from './session.ts';

const inventory = localInventory([17900, 17901, 17902, 17903, 17904, 17905]);
const request = { reason: 'failover 1', command: 'failover 1 --yes' };
let state: string;
let before: string | undefined;
let locations: Locations;

beforeEach(async () => {
  state = await mkdtemp(join(tmpdir(), 'weedgo-lock-'));
  before = process.env['XDG_STATE_HOME'];
  process.env['XDG_STATE_HOME'] = state;
  const [host] = inventory.hosts;
  if (host) locations = locationsOf(inventory, host);
});

afterEach(async () => {
  if (before === undefined) delete process.env['XDG_STATE_HOME'];
  else process.env['XDG_STATE_HOME'] = before;
  await rm(state, { recursive: true });
});

const stationOf = (session: Session): Station => {
  const [station] = stationsOf(session);
  if (!station) throw new Error('no station');
  return station;
};
const audit = async () => parseAuditLog(await readFile(locations.audit, 'utf8')).lines;
const lockExists = async () => (await stat(locations.lock).catch(() => undefined)) !== undefined;

describe('the lock', () => {
  it('refuses the second and names the holder', async () => {
    await withLock(openLocalSession(inventory), { reason: 'drain redis1' }, async ({ record }) => {
      const second = withLock(openLocalSession(inventory), request, async () => 'worked');
      await expect(second).rejects.toThrow(RefusedError);
      await expect(second).rejects.toThrow(`locked by ${record.owner} since ${record.since}: drain redis1`);
    });
    expect(await withLock(openLocalSession(inventory), request, async () => 'worked')).toBe('worked');
  });

  it('lets exactly one of many work', async () => {
    const refused: unknown[] = [];
    let inside = 0;
    // The one that works does so until all others have been refused.
    const work = async (): Promise<void> => {
      inside += 1;
      await until(async () => expect(refused).toHaveLength(7));
    };
    const attempt = (): Promise<void> =>
      withLock(openLocalSession(inventory), request, work).catch(
        (error: unknown) => void refused.push(error),
      );
    await Promise.all(Array.from({ length: 8 }, attempt));
    expect(inside).toBe(1);
    for (const error of refused) expect(error).toBeInstanceOf(RefusedError);
  });

  it('goes when the work throws', async () => {
    const failing = withLock(openLocalSession(inventory), request, async () => {
      expect(await lockExists()).toBe(true);
      throw new OperationError('broken');
    });
    await expect(failing).rejects.toThrow('broken');
    expect(await lockExists()).toBe(false);
  });

  it('is readable by its owner alone', async () => {
    await withLock(openLocalSession(inventory), request, async () => {
      expect((await stat(locations.lock)).mode & 0o777).toBe(0o600);
    });
  });

  it('tells the work when somebody else has it', async () => {
    const losing = changing(openLocalSession(inventory), request, async ({ signal }) => {
      const [, boot, now] = (await readFile(locations.lock, 'utf8')).split('\n');
      const thief = { owner: 'mallory@elsewhere', reason: 'x', since: 'now', run: 'other' };
      await writeFile(locations.lock, ['other', boot, now, JSON.stringify(thief), ''].join('\n'));
      await once(signal, 'abort');
      throwIfInterrupted(signal);
    });
    await expect(losing).rejects.toThrow('the lock was lost: mallory@elsewhere holds it now on local');
    expect(await lockExists()).toBe(true);
  });

  it('did not outlive a reboot', async () => {
    await withLock(openLocalSession(inventory), { reason: 'drain redis1' }, async () => {
      const [token, , now, record] = (await readFile(locations.lock, 'utf8')).split('\n');
      await writeFile(locations.lock, [token, 'another boot', now, record, ''].join('\n'));
      const second = withLock(openLocalSession(inventory), request, async ({ abandoned }) => [
        ...abandoned.values(),
      ]);
      expect(await second).toMatchObject([{ reason: 'drain redis1' }]);
    });
  });

  it('counts acquisitions, on disk, and says who was last', async () => {
    const counts: string[] = [];
    for (let run = 0; run < 2; run += 1) {
      const work = withLock(openLocalSession(inventory), request, async ({ record }) => {
        counts.push((await readFile(locations.counter, 'utf8')).replace(record.run, 'this'));
      });
      await work;
    }
    expect(counts).toEqual(['1 this\n', '2 this\n']);
    expect(await readFile(locations.counter, 'utf8')).toMatch(/^2 \S+\n$/);
  });

  it('is kept without a counter where a disk is full, and is not taken again then', async () => {
    await mkdir(join(locations.counter, '..'), { recursive: true });
    await symlink('/dev/full', `${locations.counter}.new`);
    const session = openLocalSession(inventory);
    await withLock(session, request, async ({ record }) => {
      expect(await stat(locations.counter).catch(() => 'none')).toBe('none');
      await rm(locations.lock);
      expect(await askLock(stationOf(session), { action: 'beat', record, boot: 'before' })).toEqual({
        kind: 'gone',
      });
    });
  });

  it('is taken again after a reboot only when nobody else has had it', async () => {
    const session = openLocalSession(inventory);
    const station = stationOf(session);
    await withLock(session, request, async ({ record }) => {
      const beat = (boot: string) => askLock(station, { action: 'beat', record, boot });
      const first = await beat('');
      expect(first.kind).toBe('taken');
      const now = first.kind === 'taken' ? first.boot : '';
      await rm(locations.lock);
      expect(await beat(now)).toEqual({ kind: 'gone' });
      expect(await beat('the boot before')).toEqual(first);
      await rm(locations.lock);
      await withLock(openLocalSession(inventory), request, async () => undefined);
      expect(await beat('the boot before')).toEqual({ kind: 'gone' });
    });
  });

  it.each(['1 2', 'soon', '', '99999999', '008'])('is damaged with the sign of life "%s"', async (beat) => {
    await withLock(openLocalSession(inventory), request, async () => {
      const lines = (await readFile(locations.lock, 'utf8')).split('\n');
      await writeFile(locations.lock, lines.with(2, beat).join('\n'));
      const second = withLock(openLocalSession(inventory), request, async () => 'worked');
      await expect(second).rejects.toMatchObject({
        message: `the lock ${locations.lock} is damaged: it is not a file that weedgo-redis wrote`,
        hints: expect.arrayContaining([`Then remove it on local: rm -r '${locations.lock}'`]),
      });
      const { holder, unread } = await lockHolder(openLocalSession(inventory));
      expect([holder, unread]).toEqual([undefined, 'the lock could be read on 0 of 1 hosts']);
    });
  });

  it('is not taken where a folder is in its place', async () => {
    await mkdir(locations.lock, { recursive: true });
    const locking = withLock(openLocalSession(inventory), request, async () => 'worked');
    await expect(locking).rejects.toThrow('is damaged');
    expect(await readdir(locations.lock)).toEqual([]);
    expect((await lockHolder(openLocalSession(inventory))).unread).toContain('0 of 1 hosts');
  });

  it('is lost when it is gone', async () => {
    const losing = changing(openLocalSession(inventory), request, async ({ signal }) => {
      await rm(locations.lock);
      await once(signal, 'abort');
      throwIfInterrupted(signal);
    });
    await expect(losing).rejects.toThrow('the lock was lost: it is gone on local');
  });

  it('gives up waiting when interrupted', async () => {
    const session = openLocalSession(inventory);
    session.abort.abort();
    await expect(withLock(session, request, async () => 'worked')).rejects.toThrow(InterruptedError);
  });
});

describe('a holder that is killed', () => {
  const children: ChildProcess[] = [];
  const hold = async (): Promise<ChildProcess> => {
    const child = spawn(process.execPath, ['--import', 'tsx', join(import.meta.dirname, 'hold-lock.ts')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    await once(child.stdout, 'data');
    return child;
  };
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });

  it('is taken over from at once on the same machine, and audited', async () => {
    const child = await hold();
    const held = changing(openLocalSession(inventory), request, async () => 'worked');
    await expect(held).rejects.toThrow(RefusedError);
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
    const session = openLocalSession(inventory);
    expect(await changing(session, request, async () => 'worked')).toBe('worked');
    expect(session.events).toEqual([]);
    expect(await audit()).toMatchObject([
      { command: 'failover 1', outcome: 'abandoned' },
      { command: 'failover 1 --yes', outcome: 'done' },
    ]);
  });

  it('is waited for until its lease is over when its machine cannot be looked at', async () => {
    const child = await hold();
    const lines = (await readFile(locations.lock, 'utf8')).split('\n');
    child.kill('SIGKILL');
    const { process: _, ...record } = JSON.parse(lines[3] ?? '') as Record<string, unknown>;
    await writeFile(locations.lock, lines.with(3, JSON.stringify(record)).join('\n'));
    // Fresh, it is refused; silent for two beats, it is waited for.
    const attempt = async (): Promise<string> => {
      try {
        return await changing(openLocalSession(inventory), request, async () => 'worked');
      } catch (error) {
        expect(error).toBeInstanceOf(RefusedError);
        await new Promise((resolve) => setTimeout(resolve, 500));
        return attempt();
      }
    };
    expect(await attempt()).toBe('worked');
  });
});

it('a command that fails says what it has begun to change, or that it was nothing', async () => {
  const session = openLocalSession(inventory);
  const nothing = changing(session, request, () => Promise.reject(new RefusedError('a guard')));
  await expect(nothing).rejects.toMatchObject({ changes: [] });
  const midway = changing(session, request, async (held) => {
    await writeJournal(held, await readJournal(held), { drained: {} });
    throw new RefusedError('a guard');
  });
  await expect(midway).rejects.toMatchObject({ changes: ['the journal on local'] });
});

describe('the audit log', () => {
  it('has one line a command, whatever became of it, and no secret', async () => {
    const session = openLocalSession(inventory, 'se"cret');
    await changing(session, { ...request, command: 'failover --x se"cret' }, async () => 1);
    await expect(
      changing(session, request, async () => Promise.reject(new RefusedError('link is down'))),
    ).rejects.toThrow();
    await expect(
      changing(session, request, async () => Promise.reject(new OperationError(`bad: se"cret`))),
    ).rejects.toThrow();
    await expect(
      changing(session, request, async () => Promise.reject(new InterruptedError('interrupted'))),
    ).rejects.toThrow();
    const lines = await audit();
    expect(lines.map(({ outcome, message }) => [outcome, message])).toEqual([
      ['done', undefined],
      ['refused', 'link is down'],
      ['failed', 'bad: ***'],
      ['interrupted', 'interrupted'],
    ]);
    expect(lines[0]).toMatchObject({ from: 'local', cluster: 'test', inventory: inventory.hash });
    expect(await readFile(locations.audit, 'utf8')).not.toContain('cret');
    expect((await stat(locations.audit)).mode & 0o777).toBe(0o600);
  });

  it('is turned over when it is large', async () => {
    const session = openLocalSession(inventory);
    await changing(session, request, async () => 1);
    await writeFile(locations.audit, 'x'.repeat(5_000_000));
    await changing(session, request, async () => 2);
    expect(await audit()).toHaveLength(1);
    expect((await stat(`${locations.audit}.1`)).size).toBe(5_000_000);
  });

  it('warns when it cannot be written', async () => {
    const session = openLocalSession(inventory);
    await changing(session, request, async () => {
      await mkdir(join(locations.audit, '..'), { recursive: true });
      await symlink('/tmp/elsewhere', locations.audit);
    });
    expect(session.events).toMatchObject([{ type: 'warning', host: 'local' }]);
  });
});
