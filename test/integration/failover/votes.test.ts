import { setTimeout as sleep } from 'node:timers/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { viewOf } from '../../../src/cluster/failover/situation.ts';
import type { Situation } from '../../../src/cluster/failover/situation.ts';
import { chooseTarget } from '../../../src/cluster/failover/target.ts';
import type { Choice } from '../../../src/cluster/failover/target.ts';
import { guardVotes } from '../../../src/cluster/failover/votes.ts';
import { loadInventory } from '../../../src/inventory/load.ts';
import { lookAround } from '../../../src/failover/look.ts';
import { moveMaster } from '../../../src/failover/move.ts';
import { createStages } from '../../../src/session/stages.ts';
import { createPlace, password } from './place.ts';
import type { Place } from './place.ts';
import { openLocalSession } from './session.ts';
import type { TestSession } from './session.ts';

vi.setConfig({ testTimeout: 200_000, hookTimeout: 400_000 });

let place: Place;
let session: TestSession;

beforeAll(async () => {
  // The test asks the nodes itself, so they must run as its own user.
  place = await createPlace(17920, {}, { own: true });
  session = openLocalSession(await loadInventory(join(place.dir, 'weedgo-redis.yaml')), password);
});
afterAll(async () => {
  await session?.close();
  await place?.close();
});

const rounds = 9;

describe('a replica that has just been restarted', () => {
  it('takes over at once, also where voters have not linked to it again', async () => {
    let unlinked = 0;
    for (let round = 0; round < rounds; round += 1) {
      const choice = await choiceOf(round % 3);
      const { started } = await restarted(choice);
      const situation = await linkedAgain(choice);
      unlinked += guardVotes(situation, choice, 'graceful').length;
      const { handOver } = await moveMaster(session, choice, { stages: createStages(session), look: {} });
      expect(handOver.to).toBe(choice.replica?.node.id);
      await started;
    }
    // The moment that this is about was met.
    expect(unlinked).toBeGreaterThan(0);
  });
});

async function choiceOf(index: number): Promise<Choice> {
  const situation = await lookAround(session);
  const [choice] = chooseTarget(situation, { kind: 'shard', number: index + 1 });
  if (!choice?.replica) throw new Error(`shard ${index + 1} has no replica`);
  return choice;
}

/** Resolves as soon as the node is being started, to when that command has ended. */
async function restarted({ replica }: Choice): Promise<{ readonly started: Promise<unknown> }> {
  const id = replica?.node.id ?? '';
  await place.signal(id, 'SIGKILL');
  return { started: place.start('start').done };
}

/** The first look in which the replica follows its master. */
async function linkedAgain({ replica }: Choice): Promise<Situation> {
  for (;;) {
    const situation = await lookAround(session);
    const member = situation.members.find(({ nodeId }) => nodeId === replica?.nodeId);
    const up = member && viewOf(situation, member)?.info['master_link_status'] === 'up';
    if (up) return situation;
    await sleep(5);
  }
}
