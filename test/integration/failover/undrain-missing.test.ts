import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { OperationError } from '../../../src/base/errors.ts';
import { loadInventory } from '../../../src/inventory/load.ts';
import type { Approval } from '../../../src/session/approval.ts';
import { readJournal } from '../../../src/session/journal/journal.ts';
import { undrain } from '../../../src/operations/undrain/undrain.ts';
import type { Session } from '../../../src/session/session.ts';
import { createPlace, password } from './place.ts';
import type { Place } from './place.ts';
import { openLocalSession } from './session.ts';
import type { TestSession } from './session.ts';

vi.setConfig({ testTimeout: 400_000, hookTimeout: 400_000 });

let place: Place;
let session: TestSession;
let before: string | undefined;

beforeAll(async () => {
  place = await createPlace(18_360, {}, { own: true });
  before = process.env['XDG_STATE_HOME'];
  process.env['XDG_STATE_HOME'] = place.state;
  session = openLocalSession(await loadInventory(join(place.dir, 'weedgo-redis.yaml')), password);
  await place.json(0, '--yes', 'drain', 'b');
});
afterAll(async () => {
  if (before === undefined) delete process.env['XDG_STATE_HOME'];
  else process.env['XDG_STATE_HOME'] = before;
  await session.close();
  await place.close();
});

const approval: Approval = { agree: async () => true, type: async () => undefined };
const request = { host: 'b', approval, command: 'undrain b' };

/** The session without a host: neither its command line nor its nodes can be reached. */
const without = (host: string): Session => ({
  ...session,
  shells: new Map([...session.shells].filter(([name]) => name !== host)),
  unreachable: new Map([[host, new OperationError('timed out', { host })]]),
  redis: async (node) =>
    node.host === host ? { node, failure: 'host', reason: 'timed out' } : session.redis(node),
});

const electable = async (id: string): Promise<string | undefined> =>
  (await place.redis(id, 'CONFIG', 'GET', 'cluster-replica-no-failover')).split('\n')[1];

it.each([
  ['b', 'the drained host itself'],
  ['c', 'the host of a master that a node of it follows'],
])('without %s, %s, undrain is refused at once and b stays drained', async (host) => {
  await expect(undrain(without(host), request)).rejects.toThrow(
    `b is not undrained while it is not known that its nodes are in sync: ${host} is not connected (timed out)`,
  );
  expect(session.events.filter(({ type }) => type === 'stage-started')).toEqual([]);
  expect(Object.keys((await readJournal(session)).drained)).toEqual(['b']);
  expect(await electable(place.ids[4])).toBe('yes');
});

it('with all hosts connected b gets its master back', async () => {
  const { moves } = await undrain(session, request);
  expect(moves).toMatchObject([{ handOver: { to: place.ids[1] } }]);
  expect((await readJournal(session)).drained).toEqual({});
  expect(await electable(place.ids[4])).toBe('no');
});
