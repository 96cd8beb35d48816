import { once } from 'node:events';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { applySteps } from '../../../src/host/apply.ts';
import { changing } from '../../../src/session/changing.ts';
import { withLock } from '../../../src/session/lock/lock.ts';
import { readJournal, writeJournal } from '../../../src/session/journal/journal.ts';
import type { Session } from '../../../src/session/session.ts';
import { throwIfInterrupted } from '../../../src/base/wait.ts';
import { createFolders } from './folders.ts';
import type { Folders } from './folders.ts';

const request = { reason: 'work', command: 'work' };
let folders: Folders;

afterEach(() => folders.close());

const drained = (by: string) => ({ drained: { r2: { since: 'then', by, masters: [] } } });
const drainedBy = async (session: Session): Promise<string | undefined> =>
  (await readJournal(session)).drained['r2']?.by;
const journalOn = (host: string): string => folders.pathOn(host, '/var/lib/weedgo-redis/folders/memory.json');

describe('the lock of five hosts', () => {
  beforeEach(async () => {
    folders = await createFolders(5);
  });

  it('is lost with the majority of all hosts, not of those that were connected', async () => {
    const session = folders.session(['r1', 'r2', 'r3']);
    const losing = changing(session, request, async ({ signal }) => {
      session.cut('r3');
      await once(signal, 'abort');
      throwIfInterrupted(signal);
    });
    await expect(losing).rejects.toThrow('the lock was lost: 2 of 3 hosts have confirmed it');
  });

  it('needs three of them', async () => {
    const attempt = withLock(folders.session(['r1', 'r2']), request, async () => 'worked');
    await expect(attempt).rejects.toThrow('no majority of the hosts can be reached');
    const minority = { ...request, allowMinority: true };
    expect(await withLock(folders.session(['r1', 'r2']), minority, async () => 'worked')).toBe('worked');
  });

  it('is held without a host that cannot grant it, which is not changed then', async () => {
    await mkdir(folders.pathOn('r2', '/run/weedgo-redis/folders.lock.guard'), { recursive: true });
    const session = folders.session(['r1', 'r2', 'r3', 'r4']);
    const write = async ({ shells }: Session, host: string): Promise<void> => {
      const shell = shells.get(host);
      const path = folders.pathOn(host, '/written');
      const file = { path, mode: '0600', owner: undefined, group: undefined, secret: false, content: 'x' };
      if (shell) await applySteps(shell, [{ kind: 'write-file', file, before: undefined }]);
    };
    await changing(session, request, async (held) => {
      await write(held, 'r1');
      await expect(write(held, 'r2')).rejects.toThrow('did not grant the lock');
    });
    expect(session.events).toMatchObject([
      { type: 'warning', host: 'r2', message: expect.stringContaining('it did not grant the lock') },
    ]);
    const few = withLock(folders.session(['r1', 'r2', 'r3']), request, async () => 'worked');
    await expect(few).rejects.toThrow('cannot be written');
    await expect(readFile(folders.pathOn('r1', '/run/weedgo-redis/folders.lock'))).rejects.toThrow('ENOENT');
  });
});

describe('the journal of three hosts', () => {
  beforeEach(async () => {
    folders = await createFolders(3);
  });

  it('is what was written, not what was reported as not written', async () => {
    const all = folders.session(['r1', 'r2', 'r3']);
    await writeJournal(all, await readJournal(all), drained('first'));
    const alone = folders.session(['r1', 'r2', 'r3']);
    const before = await readJournal(alone);
    for (const host of ['r2', 'r3']) alone.cut(host);
    await expect(writeJournal(alone, before, drained('failed'))).rejects.toThrow(
      'writing the journal failed',
    );
    expect(await drainedBy(all)).toBe('first');
    const others = folders.session(['r2', 'r3']);
    await writeJournal(others, await readJournal(others), drained('second'));
    expect(await drainedBy(all)).toBe('second');
    await writeJournal(all, await readJournal(all), drained('third'));
    for (const hosts of [
      ['r1', 'r2'],
      ['r1', 'r3'],
      ['r2', 'r3'],
    ])
      expect(await drainedBy(folders.session(hosts))).toBe('third');
  });

  it('is read from the others where one copy is damaged, which the next write replaces', async () => {
    const session = folders.session(['r1', 'r2', 'r3']);
    await writeJournal(session, await readJournal(session), drained('first'));
    await writeFile(journalOn('r2'), '{"schemaVer');
    expect(await drainedBy(session)).toBe('first');
    expect(session.events).toMatchObject([
      {
        type: 'warning',
        host: 'r2',
        message: expect.stringContaining('/var/lib/weedgo-redis/folders/memory.json cannot be used'),
      },
    ]);
    await writeJournal(session, await readJournal(session), drained('second'));
    await rm(journalOn('r1'));
    expect(await drainedBy(session)).toBe('second');
    for (const host of ['r1', 'r2']) await writeFile(journalOn(host), '');
    await expect(readJournal(session)).rejects.toThrow('reading the journal failed on 2 hosts');
  });
});
