import { parseInfo } from '../cluster/parse.ts';
import { pause, throwIfInterrupted } from '../base/wait.ts';
import type { Node } from '../inventory/inventory.ts';
import { isFailure } from '../redis/connection.ts';
import type { Session } from '../session/session.ts';
import { createWaitTeller } from '../session/wait-teller.ts';

/**
 * Waits while a node rewrites its append-only file, or is about to: as long as the first one after a copy
 * is written, the server refuses to end (server.c, prepareForShutdown: "Writing initial AOF, can't exit"),
 * and does not end later either. A node that does not answer is not waited for. Resolves to whether there
 * was anything to wait for: whatever was looked at before is old then. Throws InterruptedError.
 */
export async function awaitRewrite(session: Session, node: Node): Promise<boolean> {
  const tell = createWaitTeller(session.emit);
  for (let waited = false; ; waited = true) {
    throwIfInterrupted(session.signal);
    const doing = await rewriteOf(session, node);
    if (doing === undefined) return waited;
    tell([`${node.id} ${doing}, and would not end before that is done`]);
    await pause(pollMs, session.signal);
  }
}

const pollMs = 200;

async function rewriteOf(session: Session, node: Node): Promise<string | undefined> {
  const connection = await session.redis(node);
  if (isFailure(connection)) return undefined;
  const info = parseInfo(String(await connection.call(['INFO', 'persistence']).catch(() => '')));
  if (info['aof_rewrite_in_progress'] === '1') return 'rewrites its append-only file';
  return info['aof_rewrite_scheduled'] === '1' ? 'is about to rewrite its append-only file' : undefined;
}
