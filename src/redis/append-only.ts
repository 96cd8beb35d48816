import type { Work } from '../cluster/catching-up.ts';
import { parseInfo } from '../cluster/parse.ts';
import { describeSwitch, type SwitchStep } from '../cluster/step.ts';
import type { InfoFields } from '../cluster/view.ts';
import { InterruptedError, OperationError } from '../base/errors.ts';
import { type RedisConnection, ReplyError } from './connection.ts';
import { pause, throwIfInterrupted } from '../base/wait.ts';
import { createWorkWatch } from './work-watch.ts';

export type SwitchContext = {
  /** Throws OperationError when the node does not answer. */
  readonly connect: (node: string) => Promise<RedisConnection>;
  readonly emit: (event: { readonly type: 'node'; readonly node: string; readonly message: string }) => void;
  /** Called again and again with what is waited for, a clause each. */
  readonly tell: (waiting: readonly string[]) => void;
  /**
   * Writes `appendonly no` into the configuration files of nodes; what they start with until then is as it
   * was.
   */
  readonly fileOff: (nodes: readonly string[]) => Promise<void>;
  readonly signal: AbortSignal;
};

/**
 * Changes `appendonly` on running nodes, and returns only when what each of them holds is on disk in the form
 * that its next start will read: the append-only file rewritten, or a snapshot saved. Throws OperationError,
 * naming the node, when a rewrite or a save fails; InterruptedError when the operator interrupts. The same
 * call continues what an earlier one began.
 *
 * Switched off: a snapshot has succeeded on every node before anything changes. Then the files say `no`, and
 * only then do the nodes. From there on the start guard decides by what lies on the disk: until a snapshot is
 * newer than the append-only files it refuses a start from dump.rdb, and afterwards dump.rdb is read. Were
 * the files written last, a start in between would read append-only files that a snapshot has long overtaken,
 * and nothing would show that.
 */
export async function switchAppendOnly(steps: readonly SwitchStep[], context: SwitchContext): Promise<void> {
  const off = steps.filter(({ to }) => to === 'no');
  const on = steps.filter(({ to }) => to === 'yes');
  await each(
    off.filter(({ isOff }) => isOff !== true),
    context,
    saveSnapshot,
  );
  if (off.length > 0) await context.fileOff(off.map(({ node }) => node));
  await each(off, context, ({ call }) => call(['CONFIG', 'SET', 'appendonly', 'no']));
  await each(off, context, async (connection, wait) => {
    await nextSecond(connection, wait);
    await saveSnapshot(connection, wait);
  });
  await each(on, context, async (connection, wait) => {
    await connection.call(['CONFIG', 'SET', 'appendonly', 'yes']);
    await awaitRewrite(connection, wait);
  });
  for (const step of steps) context.emit({ type: 'node', node: step.node, message: describeSwitch(step) });
}

type Task = (connection: RedisConnection, wait: Wait) => Promise<unknown>;

/** Tells how far a node is; waits a moment; throws where the operator interrupts. */
type Wait = (doing: string) => Promise<void>;

/** One node of a host at a time: each forks, and writes all that it holds to the host's disk. */
async function each(steps: readonly SwitchStep[], context: SwitchContext, task: Task): Promise<void> {
  const watch = createWorkWatch(context.emit);
  const works = new Map<string, Work>();
  const hosts = new Set(steps.map(({ node }) => hostOf(node)));
  const results = await Promise.allSettled(
    [...hosts].map(async (host) => {
      for (const { node } of steps.filter((step) => hostOf(step.node) === host)) {
        throwIfInterrupted(context.signal);
        await task(await context.connect(node), async (doing) => {
          works.set(node, { node, doing, bytes: 0 });
          watch.see([...works.values()]);
          context.tell([...works.values()].map((work) => `${work.node} ${work.doing}`));
          await pause(pollMs, context.signal);
        });
        works.delete(node);
      }
    }),
  );
  const reasons = results.flatMap((result): unknown[] =>
    result.status === 'rejected' ? [result.reason] : [],
  );
  // An interruption ends every wait: a node that failed says more.
  const reason = reasons.find((one) => !(one instanceof InterruptedError)) ?? reasons[0];
  if (reason !== undefined) throw reason;
}

/** Inventory ids are `host:port`. */
const hostOf = (node: string): string => node.slice(0, node.lastIndexOf(':'));

const pollMs = 200;

async function awaitRewrite(connection: RedisConnection, wait: Wait): Promise<void> {
  for (;;) {
    const info = await persistenceOf(connection);
    const isAtWork = info['aof_rewrite_in_progress'] === '1' || info['aof_rewrite_scheduled'] === '1';
    // After a failure the server tries again for ever; while it waits for a snapshot to end it has not tried
    // yet.
    const isDue = info['aof_rewrite_in_progress'] === '1' || info['rdb_bgsave_in_progress'] === '1';
    if (info['aof_last_bgrewrite_status'] !== 'ok' && !isDue) {
      throw failure(connection, 'could not write its append-only file (aof_last_bgrewrite_status:err)');
    }
    if (!isAtWork) return;
    await wait(`writes its append-only file${progressOf(info)}`);
  }
}

/**
 * A snapshot tells the second in which it was begun: one of the second in which the append-only file was last
 * written could lack that write, for all that its reader knows.
 */
async function nextSecond({ call }: RedisConnection, wait: Wait): Promise<void> {
  const second = async (): Promise<string> => String([await call(['TIME'])].flat()[0]);
  const first = await second();
  while ((await second()) === first) await wait('waits for the next second');
}

/** A snapshot that was begun after this call, and has succeeded. */
async function saveSnapshot(connection: RedisConnection, wait: Wait): Promise<void> {
  await beginSnapshot(connection, wait);
  for (;;) {
    const info = await persistenceOf(connection);
    if (info['rdb_bgsave_in_progress'] === '1') {
      await wait(`saves a snapshot${progressOf(info)}`);
      continue;
    }
    if (info['rdb_last_bgsave_status'] === 'ok') return;
    throw failure(connection, 'could not save a snapshot (rdb_last_bgsave_status:err)');
  }
}

/** Only one child at a time: what was begun by others ends first. */
async function beginSnapshot(connection: RedisConnection, wait: Wait): Promise<void> {
  for (;;) {
    try {
      await connection.call(['BGSAVE']);
      return;
    } catch (error) {
      const info = await persistenceOf(connection);
      const isBusy = ['rdb_bgsave_in_progress', 'aof_rewrite_in_progress', 'aof_rewrite_scheduled'].some(
        (field) => info[field] === '1',
      );
      if (!(error instanceof ReplyError) || !isBusy) throw error;
      await wait(`saves already${progressOf(info)}`);
    }
  }
}

async function persistenceOf({ call }: RedisConnection): Promise<InfoFields> {
  return parseInfo(String(await call(['INFO', 'persistence'])));
}

/**
 * Since 7.0 the server counts the keys that it has written; in steps of ten percent, so that few lines tell
 * it.
 */
function progressOf(info: InfoFields): string {
  const done = Number(info['current_save_keys_processed'] ?? 0);
  const total = Number(info['current_save_keys_total'] ?? 0);
  return total > 0 ? `: ${Math.floor((done / total) * 10) * 10} %` : '';
}

const failure = ({ node }: RedisConnection, what: string): OperationError =>
  new OperationError(`${node.id} ${what}: its setting stays as it is`, {
    node: node.id,
    hints: [
      `Look at the log of ${node.id}: is its disk full?`,
      'Then run the same command again: it continues.',
    ],
  });
