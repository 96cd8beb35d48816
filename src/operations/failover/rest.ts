import { parseLinkAge, restBeforeElection } from '../../cluster/failover/election.ts';
import { viewOf } from '../../cluster/failover/situation.ts';
import type { Situation } from '../../cluster/failover/situation.ts';
import type { Choice } from '../../cluster/failover/target.ts';
import type { Member } from '../../cluster/shape.ts';
import { isFailure } from '../../redis/connection.ts';
import { pause } from '../../redis/wait.ts';
import type { Session } from '../session.ts';
import type { Stages } from '../stage.ts';

/**
 * Waits where Redis would misjudge an election that follows too soon on an earlier one (`restBeforeElection`): at
 * most 4 × node timeout, and only where the replica has been master lately.
 */
export async function restFirst(
  session: Session,
  situation: Situation,
  { stages, choice }: { readonly stages: Stages; readonly choice: Choice },
): Promise<void> {
  const { shard, replica } = choice;
  if (!replica) return;
  const ms = restBeforeElection({
    replicaAsked: hasAsked(situation, replica),
    masterAsked: hasAsked(situation, shard.master),
    replicas: shard.replicas.length,
    ...(await readLink(session, replica)),
  });
  if (ms === 0) return;
  const seconds = Math.ceil(ms / 1000);
  const title = `${replica.node.id} was elected lately: waiting ${seconds} s until Redis has forgotten those votes`;
  await stages.run('rest', title, async () => ({
    value: await pause(ms, session.signal),
    changed: false,
  }));
}

function hasAsked(situation: Situation, member: Member): boolean {
  const sent = viewOf(situation, member)?.clusterInfo['cluster_stats_messages_auth-req_sent'];
  return Number(sent ?? 0) > 0;
}

/** The node timeout, and how long the replica has been linked to its master; 0 where it cannot be asked. */
export async function readLink(
  session: Session,
  { node }: Member,
): Promise<{ readonly nodeTimeoutMs: number; readonly linkedMs: number }> {
  const connection = await session.redis(node);
  if (isFailure(connection)) return { nodeTimeoutMs: 0, linkedMs: 0 };
  const [config, clients] = await connection.pipeline([
    ['CONFIG', 'GET', 'cluster-node-timeout'],
    ['CLIENT', 'LIST', 'TYPE', 'master'],
  ]);
  const timeout = Array.isArray(config) ? Number(config[1]) : 0;
  return { nodeTimeoutMs: timeout, linkedMs: parseLinkAge(String(clients)) };
}
