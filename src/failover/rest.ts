import { parseLinkAge, restBeforeElection } from '../cluster/failover/election.ts';
import { viewOf } from '../cluster/failover/situation.ts';
import type { Situation } from '../cluster/failover/situation.ts';
import type { Choice } from '../cluster/failover/target.ts';
import { numberIn, parseInfo } from '../cluster/parse.ts';
import type { Member, Shard } from '../cluster/shape.ts';
import { OperationError } from '../base/errors.ts';
import { isFailure } from '../redis/connection.ts';
import { pause } from '../base/wait.ts';
import type { Session } from '../session/session.ts';
import type { Stages } from '../session/stages.ts';
import { noteUnchallenged, unchallengedMs } from './unchallenged.ts';

/**
 * Waits where Redis would misjudge an election that follows too soon on an earlier one
 * (`restBeforeElection`): at most 4 × node timeout, and only where the shard has changed its master lately.
 * Throws OperationError when the replica does not say what it remembers.
 */
export async function restFirst(
  session: Session,
  situation: Situation,
  { stages, choice }: { readonly stages: Stages; readonly choice: Choice },
): Promise<void> {
  const { shard, replica } = choice;
  if (!replica) return;
  await noteRoles(session, situation, shard);
  const { nodeTimeoutMs, linkedMs } = await readLink(session, replica);
  const ms = restBeforeElection({
    nodeTimeoutMs,
    linkedMs,
    replicaAsked: count(situation, replica, 'auth-req_sent') !== 0,
    votersFresh: areVotersFresh(situation),
    masterUnchallengedMs: unchallengedMs(session.inventory, shard.master.nodeId),
  });
  if (ms === 0) return;
  const seconds = Math.ceil(ms / 1000);
  const title = `shard ${shard.number} has changed its master lately: waiting ${seconds} s until Redis has forgotten those votes`;
  await stages.run('rest', title, async () => ({
    value: await pause(ms, session.signal),
    changed: false,
  }));
}

/**
 * Takes down what the nodes of a shard remember of their roles, before one of them is restarted and forgets
 * it. While a replica is linked to its master neither is voted out; and a replica that has not asked for
 * votes since its process started has replaced nobody.
 */
export async function noteRoles(session: Session, situation: Situation, shard: Shard): Promise<void> {
  const { inventory } = session;
  const pasts = await Promise.all(
    shard.replicas.map(async (replica) => {
      const link = viewOf(situation, replica) && (await readLink(session, replica));
      if (!link) return { linkedMs: 0, quietMs: 0 };
      noteUnchallenged(inventory, replica.nodeId, link.linkedMs);
      const isQuiet = count(situation, replica, 'auth-req_sent') === 0;
      return { linkedMs: link.linkedMs, quietMs: isQuiet ? link.upMs : 0 };
    }),
  );
  if (pasts.length === 0) return;
  const linked = Math.max(...pasts.map(({ linkedMs }) => linkedMs));
  const quiet = Math.min(...pasts.map(({ quietMs }) => quietMs));
  noteUnchallenged(inventory, shard.master.nodeId, Math.max(linked, quiet));
}

/** Masters that have given no vote since their processes started cannot refuse one for an earlier. */
function areVotersFresh(situation: Situation): boolean {
  const fresh = situation.shards.filter(({ master }) => count(situation, master, 'auth-ack_sent') === 0);
  return fresh.length * 2 > situation.shards.length;
}

/** undefined: the node did not answer. A counter that is not listed is 0 (CLUSTER INFO leaves those out). */
function count(
  situation: Situation,
  member: Member,
  message: 'auth-req_sent' | 'auth-ack_sent',
): number | undefined {
  const view = viewOf(situation, member);
  return view && (numberIn(view.clusterInfo, `cluster_stats_messages_${message}`) ?? 0);
}

type Link = {
  readonly nodeTimeoutMs: number;
  /** How long it has been linked to its master. */
  readonly linkedMs: number;
  /** How long its process runs. */
  readonly upMs: number;
};

/** Throws OperationError when the node does not say it: that is not "no timeout", nor "never linked". */
export async function readLink(session: Session, { node }: Member): Promise<Link> {
  const connection = await session.redis(node);
  if (isFailure(connection))
    throw new OperationError(`${node.id} does not respond: ${connection.reason}`, { node: node.id });
  const [config, clients, server] = await connection.pipeline([
    ['CONFIG', 'GET', 'cluster-node-timeout'],
    ['CLIENT', 'LIST', 'TYPE', 'master'],
    ['INFO', 'server'],
  ]);
  const timeout = Array.isArray(config) ? Number(config[1]) : Number.NaN;
  const up = numberIn(parseInfo(String(server)), 'uptime_in_seconds');
  if (!(timeout > 0) || up === undefined || typeof clients !== 'string')
    throw new OperationError(`${node.id} does not say its node timeout and links`, { node: node.id });
  return { nodeTimeoutMs: timeout, linkedMs: parseLinkAge(clients), upMs: up * 1000 };
}
