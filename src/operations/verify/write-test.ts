import { randomBytes } from 'node:crypto';
import type { WriteTestResult } from '../../checks/probe.ts';
import { expandRanges, keySlot } from '../../cluster/slots.ts';
import { shardsOf } from '../../cluster/shape.ts';
import type { ClusterView } from '../../cluster/view.ts';
import { OperationError } from '../../base/errors.ts';
import type { Node } from '../../inventory/inventory.ts';
import { isFailure, type RedisConnection, ReplyError } from '../../redis/connection.ts';
import type { Session } from '../../session/session.ts';

/** How long replicas may take to have a write, ms; also how often a replica that has not is asked. */
const replication = { deadlineMs: 1000, attempts: 20 };
/** Should its removal fail, the key is gone after this many seconds. */
const expirySeconds = 60;

/**
 * Writes a key of its own to every shard, reads it from all of its nodes, waits for its replicas, and removes
 * it.
 */
export async function runWriteTest(session: Session, view: ClusterView): Promise<readonly WriteTestResult[]> {
  const shards = shardsOf(session.inventory, view).filter(({ master }) => master.slots.length > 0);
  return Promise.all(
    shards.map(({ number, master, replicas }) =>
      testShard(session, {
        shard: `shard ${number}`,
        master: master.node,
        replicas: replicas.map(({ node }) => node),
        key: canaryKey(new Set(expandRanges(master.slots))),
      }),
    ),
  );
}

/** A key whose hash tag puts it into one of the slots: `{weedgo-redis:canary:1f3a}`. */
function canaryKey(slots: ReadonlySet<number>): string {
  for (;;) {
    // With a single slot this takes 16384 tries at random on average, some milliseconds.
    const key = `{weedgo-redis:canary:${randomBytes(6).toString('hex')}}`;
    if (slots.has(keySlot(key))) return key;
  }
}

type ShardTest = {
  readonly shard: string;
  readonly master: Node;
  readonly replicas: readonly Node[];
  readonly key: string;
};

async function testShard(
  session: Session,
  { shard, master, replicas, key }: ShardTest,
): Promise<WriteTestResult> {
  const start = performance.now();
  const value = randomBytes(8).toString('hex');
  const names = { shard, master: master.id, replicas: replicas.map(({ id }) => id) };
  const done = (
    found: Pick<WriteTestResult, 'acknowledged' | 'readFrom' | 'removed' | 'error'>,
  ): WriteTestResult => ({
    ...names,
    ...found,
    durationMs: performance.now() - start,
  });
  try {
    const connection = await connect(session, master);
    await connection.call(['SET', key, value, 'EX', expirySeconds]);
    const acknowledged = Number(await connection.call(['WAIT', replicas.length, replication.deadlineMs]));
    const readFrom = await readEverywhere(session, { nodes: [master, ...replicas], key, value });
    const removed = Number(await connection.call(['DEL', key])) === 1;
    return done({ acknowledged, readFrom, removed, error: undefined });
  } catch (error) {
    if (!(error instanceof OperationError)) throw error;
    return done({ acknowledged: 0, readFrom: [], removed: false, error: error.message });
  }
}

async function connect(session: Session, node: Node): Promise<RedisConnection> {
  const connection = await session.redis(node);
  if (isFailure(connection)) throw new OperationError(`${node.id} does not respond: ${connection.reason}`);
  return connection;
}

type Reading = { readonly nodes: readonly Node[]; readonly key: string; readonly value: string };

/** The nodes that return the value, each by its own word. */
async function readEverywhere(session: Session, { nodes, key, value }: Reading): Promise<readonly string[]> {
  const found = await Promise.all(nodes.map((node) => readsBack(session, node, { key, value })));
  return nodes.filter((_, index) => found[index]).map(({ id }) => id);
}

async function readsBack(
  session: Session,
  node: Node,
  { key, value }: { readonly key: string; readonly value: string },
): Promise<boolean> {
  try {
    const connection = await connect(session, node);
    // READONLY lets a replica answer for its master's slots; a master takes it as well.
    for (let attempt = 0; attempt < replication.attempts; attempt += 1) {
      const [, reply] = await connection.pipeline([['READONLY'], ['GET', key], ['READWRITE']]);
      if (reply === value) return true;
      if (reply instanceof ReplyError) return false;
    }
    return false;
  } catch (error) {
    if (error instanceof OperationError) return false;
    throw error;
  }
}
