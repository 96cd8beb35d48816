import { changing } from '../../../src/session/changing.ts';
import { localInventory } from '../../support/inventory.ts';
import { openLocalSession } from './session.ts';

/** A process that takes the lock, says so and does not let go: for tests that kill it. */
await changing(
  openLocalSession(localInventory([17900, 17901, 17902, 17903, 17904, 17905])),
  { command: 'failover 1', reason: 'failover 1' },
  async () => {
    process.stdout.write('held\n');
    await new Promise((resolve) => setTimeout(resolve, 600_000));
  },
);
