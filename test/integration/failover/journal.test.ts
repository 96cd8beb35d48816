import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { askJournal, readJournal, writeJournal } from '../../../src/session/journal/journal.ts';
import type { Journal } from '../../../src/session/journal/journal.ts';
import { look } from '../../../src/observation/look.ts';
import { createFolders } from './folders.ts';
import type { Folders } from './folders.ts';

const drained: Journal['drained'] = { r3: { since: '2026-01-01T00:00:00.000Z', by: 'a@b', masters: [] } };
const all = ['r1', 'r2', 'r3'];
let folders: Folders;

beforeEach(async () => {
  folders = await createFolders(3);
  const session = folders.session(all);
  await writeJournal(session, await readJournal(session), { drained });
});
afterEach(() => folders.close());

const fileOn = (host: string): string => folders.pathOn(host, '/var/lib/weedgo-redis/folders/memory.json');

describe('a journal that is unreadable on most hosts', () => {
  it('is not taken for empty where a host that was away is the only one that answers', async () => {
    const without = await createFolders(3);
    try {
      const session = without.session(['r1']);
      expect(await askJournal(session)).toMatchObject({
        journal: { drained: {} },
        unread: expect.stringContaining('could be read on 1 of 3 hosts'),
      });
      const { pendingUnread } = await look(session);
      expect(pendingUnread).toContain('could be read on 1 of 3 hosts');
    } finally {
      await without.close();
    }
  });

  it('says why, and what the one readable copy has', async () => {
    for (const host of ['r1', 'r2']) await writeFile(fileOn(host), 'torn');
    const { pending, pendingUnread } = await look(folders.session(all));
    expect(pendingUnread).toMatch(/read on 1 of 3 hosts; r1: the journal .*memory.json cannot be used/);
    expect(Object.keys(pending.drained)).toEqual(['r3']);
  });

  it('is a warning for a command that may work with a minority', async () => {
    const session = folders.session(['r2']);
    expect((await readJournal(session)).drained).toEqual(drained);
    expect(session.events).toMatchObject([
      { type: 'warning', message: expect.stringContaining('hosts that are drained may not be known') },
    ]);
  });

  it('is known by half of the hosts: every write reached one of them', async () => {
    const four = await createFolders(4);
    try {
      await mkdir(dirname(four.pathOn('r4', '/x')), { recursive: true });
      expect((await askJournal(four.session(['r1', 'r2']))).unread).toBeUndefined();
    } finally {
      await four.close();
    }
  });
});
