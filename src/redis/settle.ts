import { type Missing, listMissing } from '../cluster/missing.ts';
import type { NodeTopology, TopologyView, UnreachableView } from '../cluster/view.ts';
import { OperationError } from '../errors.ts';
import type { Inventory } from '../inventory/inventory.ts';
import { type RedisConnection, connectionsTo } from './connection.ts';
import { observeTopology } from './observe.ts';
import { prompter } from './prompt.ts';
import { pause, throwIfAborted } from './wait.ts';

export type SettleRequest = {
  readonly inventory: Inventory;
  /** By inventory node id. */
  readonly connections: ReadonlyMap<string, RedisConnection>;
  /** Of performance.now(). */
  readonly deadline: number;
  /** How long that was when forming began, for messages. */
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
};

/**
 * Waits until every node sees a complete cluster (`listMissing`), and helps where that stalls: handshakes expire
 * (redis#11634), and after REPLICATE nothing is broadcast (redis#14016). Nodes that lack nothing are not asked again until none does; the last look
 * is at all of them. Throws OperationError naming what is missing when the deadline passes, and at once when a node
 * has gone.
 */
export async function settle(request: SettleRequest): Promise<void> {
  const { inventory, connections, deadline, deadlineMs, signal } = request;
  const prompt = prompter(inventory, connections);
  const views = new Map<string, NodeTopology | UnreachableView>();
  let asked = inventory.nodes;
  for (;;) {
    throwIfAborted(signal);
    const started = performance.now();
    const seen = await observeTopology(asked, connectionsTo(connections));
    for (const view of seen.nodes) views.set(view.node, view);
    const missing = listMissing(inventory, { nodes: [...views.values()] });
    if (missing.length === 0 && asked === inventory.nodes) return;
    failIfGone(seen);
    if (performance.now() > deadline) throw unsettled(missing, deadlineMs);
    await prompt({ nodes: [...views.values()] }, missing);
    const lacking = new Set(missing.map(({ node }) => node));
    asked = lacking.size === 0 ? inventory.nodes : inventory.nodes.filter(({ id }) => lacking.has(id));
    if (missing.length > 0) await pause(Math.max(minimumPauseMs, performance.now() - started), signal);
  }
}

/** Polling takes at most half of the time, so that it does not slow down what it waits for. */
const minimumPauseMs = 25;

/** A node that was there when the steps began and has gone will not come back by waiting. */
function failIfGone(view: TopologyView): void {
  const gone = view.nodes.find((node) => !node.reachable && node.failure !== 'timeout');
  if (!gone || gone.reachable) return;
  throw new OperationError(`${gone.node} has gone while the cluster was forming: ${gone.reason}`, {
    node: gone.node,
    hints: ['Look at its log, start it again and run the same command again: forming goes on where it was.'],
  });
}

function unsettled(missing: readonly Missing[], deadlineMs: number): OperationError {
  const shown = missing.slice(0, shownMissing).map(({ message }) => message);
  const more = missing.length > shown.length ? [`and ${missing.length - shown.length} more`] : [];
  const pairs = missing.filter(({ kind }) => kind === 'peer' || kind === 'link');
  const message = `the cluster is not complete after ${Math.round(deadlineMs / 1000)} s: ${[...shown, ...more].join('; ')}`;
  return new OperationError(message, {
    hints: [
      ...(pairs.length > 0
        ? ['Nodes talk to each other on port + 10000: look for a firewall between the hosts named above.']
        : []),
      'Run the same command again: forming goes on where it was.',
    ],
  });
}

const shownMissing = 6;
