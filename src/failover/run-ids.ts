import type { RestartRun } from '../cluster/failover/restart.ts';
import { parseInfo } from '../cluster/parse.ts';
import { OperationError } from '../base/errors.ts';
import type { Node } from '../inventory/inventory.ts';
import { isFailure } from '../redis/connection.ts';
import type { Session } from '../session/session.ts';

/** run_id is drawn at random by every process (INFO server). Nodes that do not answer are missing. */
export async function readRunIds(
  session: Session,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const read = await Promise.all(
    session.inventory.nodes
      .filter(({ id }) => ids.includes(id))
      .map(async (node) => {
        const connection = await session.redis(node);
        if (isFailure(connection)) return [];
        const info = await connection.call(['INFO', 'server']).catch(() => '');
        const runId = parseInfo(String(info))['run_id'];
        return runId === undefined ? [] : [[node.id, runId] as const];
      }),
  );
  return new Map(read.flat());
}

/** Without this a node that only seemed to be restarted would be restarted for ever. */
export function refuseUnlessNew(run: RestartRun, { id }: Node, now: ReadonlyMap<string, string>): void {
  if (now.has(id) && now.get(id) !== run.runIds[id]) return;
  throw new OperationError(`${id} answers, but as the same process as before`, {
    node: id,
    hints: ["It was not started by this tool's unit: stop it by hand, then run the same command again."],
  });
}
