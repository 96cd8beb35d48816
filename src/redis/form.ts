import { setMaxListeners } from 'node:events';
import { type ClusterStep, type StepOf, describeClusterStep } from '../cluster/step.ts';
import { OperationError } from '../base/errors.ts';
import type { Inventory } from '../inventory/inventory.ts';
import { applyClusterStep, restoreSettings } from './apply.ts';
import { type ConnectRedis, type RedisConnection, ReplyError, isFailure } from './connection.ts';
import { allowElection, barElection, isLinked } from './electable.ts';
import type { FormEvent } from './form-event.ts';
import { settle } from './settle.ts';
import { pause, throwIfInterrupted } from '../base/wait.ts';

export type FormRequest = {
  readonly inventory: Inventory;
  /** From `planForm`. */
  readonly steps: readonly ClusterStep[];
  readonly connect: ConnectRedis;
  /** For the cluster to become complete, in ms; default 30 s and half a second a node. */
  readonly deadlineMs?: number;
  readonly signal?: AbortSignal;
  readonly emit?: (event: FormEvent) => void;
};

/**
 * Does the steps of a forming, kind by kind and on all nodes at once, and waits until every node of the
 * inventory sees a complete cluster (`listMissing`). Temporary settings are set back in any case. A new
 * replica may not be elected until it is in sync; where that was not seen it stays so, with a warning, and
 * the next plan has it as a step. Throws OperationError naming the nodes or pairs when a node fails or the
 * deadline passes, and InterruptedError between steps. A rerun with a new plan resumes.
 */
export async function formCluster(request: FormRequest): Promise<void> {
  const { inventory, signal } = request;
  const stop = new AbortController();
  const both = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal;
  // Every replica waits with it.
  setMaxListeners(0, both);
  const { deadlineMs = 30_000 + 500 * inventory.nodes.length } = request;
  const connections = await connectAll(request);
  const deadline = performance.now() + deadlineMs;
  const barred = new Set<string>();
  const run = { ...request, connections, deadlineMs, deadline, signal: both, barred };
  try {
    const { replicas } = await applyInOrder(run);
    await Promise.all([replicas, settle(run)]);
  } finally {
    stop.abort();
    await restore(run);
    await allowElections(run);
  }
}

type Run = FormRequest & {
  /** By inventory node id; one for every node. */
  readonly connections: ReadonlyMap<string, RedisConnection>;
  readonly deadlineMs: number;
  /** Of performance.now(). */
  readonly deadline: number;
  readonly signal: AbortSignal;
  /** Nodes that this run keeps from being elected until they are in sync. */
  readonly barred: Set<string>;
};

/**
 * Consecutive steps of one kind at once. Resolves when all were sent, to what waits for the last replicas.
 */
async function applyInOrder(run: Run): Promise<{ readonly replicas: Promise<unknown> }> {
  const replicas: Promise<unknown>[] = [];
  for (const group of groupByKind(run.steps)) {
    throwIfInterrupted(run.signal);
    if (group[0]?.kind === 'allow-election') continue;
    const tasks = group.map((step) => (step.kind === 'replicate' ? replicate(step, run) : apply(step, run)));
    const done = Promise.all(tasks);
    if (group[0]?.kind === 'replicate') {
      replicas.push(done);
      // Awaited by the caller; until then a failure must not count as unhandled.
      done.catch(() => undefined);
      await Promise.race([done, pause(patienceMs, run.signal)]);
    } else await done;
  }
  return { replicas: Promise.all(replicas) };
}

/** How long to wait for new replicas to find their masters before the other nodes are introduced. */
const patienceMs = 1500;

function groupByKind(steps: readonly ClusterStep[]): readonly (readonly ClusterStep[])[] {
  const groups: ClusterStep[][] = [];
  for (const step of steps) {
    const group = groups.at(-1);
    if (group?.[0]?.kind === step.kind) group.push(step);
    else groups.push([step]);
  }
  return groups;
}

/** Every node must be there before anything is changed on one. */
async function connectAll({ inventory, connect }: FormRequest): Promise<Run['connections']> {
  const results = await Promise.all(inventory.nodes.map((node) => connect(node)));
  const failures = results.filter(isFailure);
  if (failures.length > 0) {
    const reasons = failures.map(({ node, reason }) => `${node.id}: ${reason}`).join('; ');
    throw new OperationError(`the cluster cannot form without all its nodes: ${reasons}`);
  }
  return new Map(results.flatMap((result) => (isFailure(result) ? [] : [[result.node.id, result] as const])));
}

async function apply(step: ClusterStep, run: Run): Promise<void> {
  try {
    const timeoutMs = Math.max(1000, run.deadline - performance.now());
    await applyClusterStep(step, connectionFor(step.node, run), { timeoutMs });
  } catch (error) {
    // A node that an earlier MEET reached after the plan was made has settled its epoch with the others. One
    // that has forgotten an id already says so (7.2 passes it on); what is still listed at the end counts as
    // missing.
    if (!(error instanceof ReplyError)) throw error;
    if (step.kind !== 'set-config-epoch' && step.kind !== 'forget') throw failed(step, error);
  }
  run.emit?.({ type: 'node', node: step.node, message: describeClusterStep(step) });
}

/** A node learns of its master from the handshakes of the meet steps; until then it says "Unknown node". */
async function replicate(step: StepOf<'replicate'>, run: Run): Promise<void> {
  throwIfInterrupted(run.signal);
  if (await barElection(connectionFor(step.node, run))) run.barred.add(step.node);
  for (;;) {
    throwIfInterrupted(run.signal);
    try {
      return await apply(step, run);
    } catch (error) {
      const unknown = error instanceof OperationError && /unknown node/i.test(error.message);
      if (!unknown) throw error;
    }
    await pause(retryMs, run.signal);
  }
}

const retryMs = 50;

/** The replicas that are in sync by now; the others stay barred. */
async function allowElections({ steps, barred, connections, emit }: Run): Promise<void> {
  const nodes = steps.flatMap(({ kind, node }) => (kind === 'allow-election' ? node : []));
  await Promise.all(
    [...new Set([...nodes, ...barred])].map(async (node) => {
      const connection = connections.get(node);
      try {
        if (connection && (await isLinked(connection))) return await allowElection(connection);
      } catch (error) {
        if (!(error instanceof OperationError || error instanceof ReplyError)) throw error;
      }
      emit?.({
        type: 'warning',
        node,
        message: `${node} was not seen in sync with its master, and may not take over until it is`,
        hints: ['Run weedgo-redis provision: it waits for the copy, and lets the node take over again.'],
      });
    }),
  );
}

function connectionFor(node: string, { connections }: Run): RedisConnection {
  const connection = connections.get(node);
  if (!connection) throw new OperationError(`${node} is not a node of the inventory`, { node });
  return connection;
}

const failed = (step: ClusterStep, error: ReplyError): OperationError =>
  new OperationError(`${describeClusterStep(step)}: Redis answered "${error.message}"`, {
    node: step.node,
    hints: ['The cluster has changed since the plan was made: run the same command again.'],
    cause: error,
  });

/** A node that has gone needs nothing: its file has the lasting values. */
async function restore({ steps, connections, emit }: Run): Promise<void> {
  await Promise.all(
    steps.map(async (step) => {
      if (step.kind !== 'set-temporarily') return;
      const connection = connections.get(step.node);
      try {
        if (connection) await restoreSettings(step, connection);
      } catch (error) {
        if (!(error instanceof OperationError)) throw error;
        emit?.({
          type: 'warning',
          node: step.node,
          message: `${step.node} did not take back its lasting settings: ${error.message}`,
          hints: step.settings.map(
            ({ directive, after }) => `CONFIG SET ${directive} ${after} on ${step.node}`,
          ),
        });
      }
    }),
  );
}
