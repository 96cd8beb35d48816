import { guardResync, type InSync, type Resync } from '../../cluster/failover/resync.ts';
import { OperationError, RefusedError } from '../../base/errors.ts';
import { applySteps } from '../../host/apply.ts';
import { nodesConfFault } from '../../host/diagnosis/files.ts';
import { readEvidence } from '../../host/diagnosis/read.ts';
import { describeStep, type HostStep } from '../../host/step.ts';
import type { Node } from '../../inventory/inventory.ts';
import { findNode } from '../../inventory/topology.ts';
import { messageOf } from '../../base/message-of.ts';
import { layoutOf } from '../../render/layout.ts';
import { isFailure } from '../../redis/connection.ts';
import { throwIfInterrupted } from '../../base/wait.ts';
import { changing } from '../../session/changing.ts';
import { lookAround } from '../../failover/look.ts';
import { requireCluster } from '../../failover/require.ts';
import { type NodeService, serviceOf, startNode } from '../../failover/restart-node.ts';
import { readJournal } from '../../session/journal/journal.ts';
import { waitTellers } from '../../session/wait-teller.ts';
import type { Session } from '../../session/session.ts';

export type ResyncReport =
  | Resynced
  | { readonly node: string; readonly source: string; readonly changed: false };

type Resynced = {
  readonly changed: true;
  readonly node: string;
  /** The node that the data is copied from. */
  readonly source: string;
  /** The folder on the node's host that has what the node had before. */
  readonly aside: string;
  /** nodes.conf was not usable: the others have forgotten the node, and it joins again as a new one. */
  readonly identityLost: boolean;
};

type Request = { readonly node: string; readonly command: string };

/**
 * Gives a node that does not start, because its own files are damaged, a copy of its shard's data: its files
 * are moved aside on its host, never deleted, and it starts empty and copies from its master. Refused unless
 * another node that answers owns the shard's slots. Nothing is done to a replica that is in sync. Throws
 * RefusedError before anything is changed, OperationError when the node does not come back.
 */
export async function resync(session: Session, request: Request): Promise<ResyncReport> {
  requireCluster(session.inventory, 'resync');
  const node = findNode(session.inventory, request.node);
  if (!node) throw new RefusedError(`${request.node} is not a node of the inventory`);
  const { command } = request;
  return changing(session, { command, reason: `resync ${node.id}` }, async (held) => {
    const { drained } = await readJournal(held);
    const look = { drained: Object.keys(drained) };
    const found = await serviceOf(held, node);
    // The guard looks last: what it saw is as young as can be when the files are moved.
    const source = await guard(held, node);
    if ('inSyncWith' in source) return { node: node.id, source: source.inSyncWith, changed: false };
    const damaged = await hasDamagedIdentity(held, node, found);
    const into = `aside-${new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '')}`;
    await apply(held, node, { found, into, keep: damaged ? [] : ['nodes.conf'] });
    if (damaged) await forget(held, node, source);
    else await startNode(held, node, look);
    return {
      changed: true,
      node: node.id,
      source: source.master,
      aside: `${placeOf(held, node).dataDirectory}/${into}`,
      identityLost: damaged,
    };
  });
}

async function guard(session: Session, node: Node): Promise<Resync | InSync> {
  throwIfInterrupted(session.signal);
  const verdict = guardResync(await lookAround(session), node);
  if ('refusal' in verdict)
    throw new RefusedError(`resync ${node.id} is refused: ${verdict.refusal}`, {
      node: node.id,
      hints: verdict.hints,
    });
  return verdict;
}

function placeOf({ inventory }: Session, node: Node) {
  const host = inventory.hosts.find(({ name }) => name === node.host);
  const layout = host && layoutOf(inventory, host);
  const place = layout?.nodes.find((each) => each.node.id === node.id);
  if (!layout || !place) throw new OperationError(`${node.id} has no place on its host`);
  return { ...place, serviceUser: layout.serviceUser };
}

/** nodes.conf that the server would not read, or that would make it another node. */
async function hasDamagedIdentity(session: Session, node: Node, { shell }: NodeService): Promise<boolean> {
  const { serviceUser, ...layout } = placeOf(session, node);
  const suspect = { layout, serviceUser, server: session.inventory.server, appendonly: false, ports: [] };
  const evidence = (await readEvidence(shell, [suspect], session.signal))[node.id];
  if (!evidence?.entries)
    throw new OperationError(`${layout.dataDirectory} cannot be read`, { node: node.id, host: node.host });
  return evidence.nodesConf === undefined || nodesConfFault(evidence.nodesConf) !== undefined;
}

type Move = { readonly found: NodeService; readonly into: string; readonly keep: readonly string[] };

/**
 * Where the identity is lost the node is not started afterwards: it would come up as a master that nobody
 * knows.
 */
async function apply(session: Session, node: Node, { found, into, keep }: Move): Promise<void> {
  const { dataDirectory, serviceUser } = placeOf(session, node);
  const { shell } = found;
  const steps: readonly HostStep[] = [
    ...stopOf(found),
    { kind: 'set-aside', directory: dataDirectory, into, keep, owner: serviceUser },
  ];
  await applySteps(shell, steps, {
    signal: session.signal,
    ...waitTellers(session.emit, node.host),
    onStep: (step, state) => {
      if (state === 'done') session.emit({ type: 'node', node: node.id, message: describeStep(step) });
    },
  });
}

/** systemd is kept from starting it in the middle; a daemon that does not run needs no stop. */
const stopOf = ({ service, stop }: NodeService): readonly HostStep[] =>
  service.manager === 'systemd' ? [{ kind: 'stop-service', service }] : stop;

async function forget(session: Session, node: Node, { nodeId, observers }: Resync): Promise<void> {
  const failed: string[] = [];
  for (const observer of session.inventory.nodes.filter(({ id }) => observers.includes(id))) {
    const connection = await session.redis(observer);
    const reply = isFailure(connection)
      ? connection.reason
      : await connection.call(['CLUSTER', 'FORGET', nodeId]).catch((error: unknown) => error);
    if (reply !== 'OK') failed.push(`${observer.id}: ${messageOf(reply)}`);
  }
  if (failed.length > 0)
    throw new OperationError(`${failed.length} nodes did not forget ${node.id}: ${failed.join('; ')}`, {
      hints: ['Run the same command again.'],
    });
}
