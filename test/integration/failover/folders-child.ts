import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { applySteps } from '../../../src/host/apply.ts';
import { changing } from '../../../src/session/changing.ts';
import { readJournal, writeJournal } from '../../../src/session/journal/journal.ts';
import { createFolders } from './folders.ts';

/**
 * An operator who reaches three of the five hosts in `ROOT` and writes a file on them over and over, until it
 * may not; then it tries the other hosts and the journal. What it was told goes to ROOT/told.
 */
const root = process.env['ROOT'] ?? '';
const folders = await createFolders(5, root);
const session = folders.session(['r1', 'r2', 'r3']);

await changing(session, { command: 'work', reason: 'work' }, async (held) => {
  const told: string[] = [];
  const attempt = async (work: () => Promise<unknown>): Promise<void> => {
    await work().catch((error: unknown) => told.push(error instanceof Error ? error.message : String(error)));
  };
  const write = async (host: string, count: number): Promise<void> => {
    const shell = held.shells.get(host);
    if (!shell) throw new Error('no host');
    const path = folders.pathOn(host, '/written');
    const file = { path, mode: '0600', owner: undefined, group: undefined, secret: false };
    await applySteps(shell, [
      { kind: 'write-file', file: { ...file, content: `${count}\n` }, before: undefined },
    ]);
  };
  for (let count = 0; told.length === 0; count += 1) await attempt(() => write('r1', count));
  for (const host of ['r1', 'r2', 'r3']) await attempt(() => write(host, 0));
  await attempt(async () => writeJournal(held, await readJournal(held), { drained: {} }));
  await writeFile(join(root, 'told'), JSON.stringify(told));
}).catch(() => undefined);
await session.close();
