import { reachableNodes } from '../../cluster/shape.ts';
import type { Member } from '../../cluster/shape.ts';
import type { Death } from '../../cluster/failover/replacement.ts';
import type { Situation } from '../../cluster/failover/situation.ts';
import { OperationError } from '../../errors.ts';
import { factsContext } from '../../host/context.ts';
import { readTheseFacts } from '../../host/facts/read.ts';
import type { Host } from '../../inventory/inventory.ts';
import { DeadlineError, withDeadline } from '../../redis/deadline.ts';
import { ForwardFailure } from '../../ssh/link.ts';
import type { Shell } from '../../ssh/shell.ts';
import type { Session } from '../session.ts';

/** A host on the same network answers within ms; what takes longer than this is not there. */
const reachMs = 1000;

/**
 * Proof that a master is dead: its process is gone, as seen on its host; or we cannot connect its host, and neither
 * can the hosts of a majority of the masters. undefined: it lives, is paused, or nothing proves that it is dead.
 */
export async function proveDeath(
  session: Session,
  situation: Situation,
  master: Member,
): Promise<Death | undefined> {
  if (reachableNodes(situation.view).some(({ node }) => node === master.node.id)) return undefined;
  const host = session.inventory.hosts.find(({ name }) => name === master.node.host);
  const shell = session.shells.get(master.node.host);
  if (!host) return undefined;
  try {
    if (shell) return await processGone(session, { host, shell, master });
  } catch (error) {
    if (!(error instanceof OperationError)) throw error;
  }
  return hostGone(session, situation, { host, master });
}

async function processGone(
  { inventory }: Session,
  { host, shell, master }: { readonly host: Host; readonly shell: Shell; readonly master: Member },
): Promise<Death | undefined> {
  const { id, port, busPort } = master.node;
  // What cannot be looked at throws: not having seen a process is no proof.
  const facts = await readTheseFacts(shell, {
    context: factsContext(inventory, host),
    names: ['processes', 'listeners'],
    timeoutMs: 10_000,
  });
  const alive = facts.processes[id] !== undefined;
  const listening = facts.listeners.some((socket) => socket.port === port || socket.port === busPort);
  if (alive || listening) return undefined;
  const evidence = [`no process of ${id} runs on ${host.name}, and nothing listens on ${port} or ${busPort}`];
  return { kind: 'process', evidence };
}

async function hostGone(
  session: Session,
  situation: Situation,
  { host, master }: { readonly host: Host; readonly master: Member },
): Promise<Death | undefined> {
  const others = situation.shards
    .map((shard) => shard.master)
    .filter(({ nodeId }) => nodeId !== master.nodeId);
  const peers = new Set(others.map(({ node }) => node.host).filter((name) => name !== host.name));
  const reports = await Promise.all(
    [...peers].map(async (name) => ({ name, reached: await reaches(session.shells.get(name), master) })),
  );
  const blind = new Set(reports.filter(({ reached }) => reached === false).map(({ name }) => name));
  const seenByNone = reports.every(({ reached }) => reached !== true);
  const witnesses = others.filter(({ node }) => blind.has(node.host)).length;
  if (!seenByNone || witnesses * 2 <= situation.shards.length) return undefined;
  const why = session.unreachable.get(host.name)?.message ?? 'its connection is lost';
  return {
    kind: 'host',
    evidence: [`we cannot reach ${host.name} (${why})`, `neither can ${[...blind].join(', ')}`],
  };
}

/** undefined: that host cannot tell. */
async function reaches(shell: Shell | undefined, { node }: Member): Promise<boolean | undefined> {
  if (!shell) return undefined;
  const attempts = await Promise.all(
    [node.port, node.busPort].map((port) => opens(shell, node.address, port)),
  );
  if (attempts.includes(true)) return true;
  return attempts.includes(undefined) ? undefined : false;
}

async function opens(shell: Shell, address: string, port: number): Promise<boolean | undefined> {
  const opening = shell.forward(address, port);
  try {
    (await withDeadline(opening, reachMs)).destroy();
    return true;
  } catch (error) {
    if (error instanceof DeadlineError) opening.then((late) => late.destroy()).catch(() => undefined);
    else if (!(error instanceof OperationError)) throw error;
    const cause = error instanceof OperationError ? error.cause : undefined;
    // A server that forwards nothing has not tried.
    return cause instanceof ForwardFailure && cause.why === 'forbidden' ? undefined : false;
  }
}
