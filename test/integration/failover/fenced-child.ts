import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { applySteps } from '../../../src/host/apply.ts';
import { changing } from '../../../src/session/changing.ts';
import { readJournal, writeJournal } from '../../../src/session/journal/journal.ts';
import { isFailure } from '../../../src/redis/connection.ts';
import { localInventory } from '../../support/inventory.ts';
import { openLocalSession } from './session.ts';

/**
 * A process that holds the lock and writes a file on the host over and over, until it may not; then it tries
 * what else would change something. `DIR`, `PORTS`: where it writes, its nodes. What it was told goes to
 * DIR/told.
 */
const dir = process.env['DIR'] ?? '';
const inventory = localInventory((process.env['PORTS'] ?? '').split(',').map(Number), {
  mode: 'standalone',
  password: false,
});
const session = openLocalSession(inventory);

await changing(session, { command: 'work', reason: 'work' }, async (held) => {
  const shell = held.shells.get('local');
  const [node] = inventory.nodes;
  if (!shell || !node) throw new Error('no host');
  const connection = await held.redis(node);
  if (isFailure(connection)) throw new Error(connection.reason);
  const told: string[] = [];
  const attempt = async (work: () => Promise<unknown>): Promise<boolean> => {
    try {
      await work();
      return true;
    } catch (error) {
      told.push(error instanceof Error ? error.message : String(error));
      return false;
    }
  };
  const write = async (count: number): Promise<void> => {
    const path = join(dir, 'written');
    const file = { path, mode: '0600', owner: undefined, group: undefined, secret: false };
    const content = `${count}\n`;
    await applySteps(shell, [{ kind: 'write-file', file: { ...file, content }, before: undefined }]);
  };
  process.stdout.write('held\n');
  for (let count = 0; ; count += 1) {
    // What waits for the process when it goes on is a reply, not a timer.
    await shell.run({ script: 'sleep 0.2' });
    if (!(await attempt(() => write(count)))) break;
  }
  await attempt(() => connection.call(['CONFIG', 'SET', 'timeout', '7']));
  await attempt(async () => writeJournal(held, await readJournal(held), { drained: {} }));
  await writeFile(join(dir, 'told'), JSON.stringify(told));
  await readFile(join(dir, 'told'));
}).catch(() => undefined);
await session.close();
