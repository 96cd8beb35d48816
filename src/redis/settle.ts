import { catchingUp } from '../cluster/catching-up.ts';
import { type Missing, listMissing } from '../cluster/missing.ts';
import { parseInfo } from '../cluster/parse.ts';
import { ownLine, reachableNodes } from '../cluster/shape.ts';
import { slotCount } from '../cluster/slots.ts';
import type { InfoFields, NodeTopology, TopologyView, UnreachableView } from '../cluster/view.ts';
import { OperationError } from '../base/errors.ts';
import type { Inventory, Node } from '../inventory/inventory.ts';
import { type RedisConnection, connectionsTo } from './connection.ts';
import type { FormEvent } from './form-event.ts';
import { observeTopology } from './observe.ts';
import { prompter } from './prompt.ts';
import { recallReplicas } from './recall.ts';
import { createWorkWatch } from './work-watch.ts';
import { pause, waitUntil } from '../base/wait.ts';

export type SettleRequest = {
  readonly inventory: Inventory;
  /** By inventory node id. */
  readonly connections: ReadonlyMap<string, RedisConnection>;
  /** Of performance.now(). */
  readonly deadline: number;
  /** How long that was when forming began, for messages. */
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
  readonly emit?: (event: FormEvent) => void;
};

/**
 * Waits until every node sees a complete cluster (`listMissing`), and helps where that stalls: handshakes
 * expire (redis#11634), after REPLICATE nothing is broadcast (redis#14016), and replicas call addresses that
 * their masters have left (`recallReplicas`). The last look is at all
 * nodes; before it only those are asked that lacked something, and at length only when they may be complete
 * or some time has passed: who looks at 120 nodes takes processor time from them. Throws OperationError
 * naming what is missing when the deadline passes while no data is being copied or loaded, and at once when a
 * node has gone.
 */
export async function settle(request: SettleRequest): Promise<void> {
  const { inventory, connections, deadlineMs, signal, emit } = request;
  let { deadline } = request;
  const connect = connectionsTo(connections);
  const prompt = prompter(inventory, connections);
  const watch = createWorkWatch(emit);
  const views = new Map<string, NodeTopology | UnreachableView>();
  let asked = inventory.nodes;
  let lookMs = 0;
  for (;;) {
    await pause(Math.min(2 * lookMs, patienceMs(inventory)), signal);
    await untilReady(asked, request);
    const started = performance.now();
    const seen = await observeTopology(asked, connect);
    await recallReplicas(seen, { nodes: asked, connect, emit });
    for (const view of seen.nodes) views.set(view.node, view);
    const view = { nodes: [...views.values()] };
    const missing = listMissing(inventory, view);
    if (missing.length === 0 && asked === inventory.nodes) return;
    failIfGone(seen);
    // A replica that is taken back may get much to read.
    if (watch.see(catchingUp(view))) deadline = Math.max(deadline, performance.now() + deadlineMs);
    // Where those that were asked lack nothing more, all are looked at before anything is said.
    if (missing.length > 0 && performance.now() > deadline)
      throw unsettled(missing, deadlineMs, watch.restless());
    await prompt(view, missing);
    lookMs = performance.now() - started;
    const lacking = new Set(missing.map(({ node }) => node));
    const again = new Set([...lacking, ...mastersOf(lacking, view)]);
    asked = lacking.size === 0 ? inventory.nodes : inventory.nodes.filter(({ id }) => again.has(id));
  }
}

/**
 * The masters of these nodes (inventory ids): how far a copy is may be known to the master alone
 * (`catchingUp`).
 */
function mastersOf(nodes: ReadonlySet<string>, view: TopologyView): readonly string[] {
  const all = reachableNodes(view);
  const masters = new Set(all.filter(({ node }) => nodes.has(node)).map((each) => ownLine(each)?.masterId));
  return all.filter(({ nodeId }) => masters.has(nodeId)).map(({ node }) => node);
}

/**
 * Until each node says that it knows all and that the state is ok, by the cheapest question, or patience
 * ends.
 */
async function untilReady(asked: readonly Node[], request: SettleRequest): Promise<void> {
  const { inventory, connections, signal } = request;
  const size = String(inventory.nodes.length);
  const ask = async ({ id }: Node): Promise<unknown> =>
    await connections
      .get(id)
      ?.call(['CLUSTER', 'INFO'])
      .catch(() => '');
  const isReady = (info: InfoFields): boolean =>
    info['cluster_state'] === 'ok' &&
    info['cluster_known_nodes'] === size &&
    info['cluster_slots_assigned'] === String(slotCount);
  await waitUntil(
    () => Promise.all(asked.map(ask)),
    (replies) => replies.filter((reply) => !isReady(parseInfo(String(reply)))),
    { deadlineMs: patienceMs(inventory), intervalMs: 20 + inventory.nodes.length, signal },
  );
}

/**
 * ms. After this long nodes are looked at closely also when they are not ready: what they lack may need help.
 */
const patienceMs = ({ nodes }: Inventory): number => 500 + 15 * nodes.length;

/** A node that was there when the steps began and has gone will not come back by waiting. */
function failIfGone(view: TopologyView): void {
  const gone = view.nodes.find((node) => !node.reachable && !['timeout', 'loading'].includes(node.failure));
  if (!gone || gone.reachable) return;
  throw new OperationError(`${gone.node} has gone while the cluster was forming: ${gone.reason}`, {
    node: gone.node,
    hints: ['Look at its log, start it again and run the same command again: forming resumes where it was.'],
  });
}

function unsettled(
  missing: readonly Missing[],
  deadlineMs: number,
  restless: readonly string[],
): OperationError {
  const shown = missing.slice(0, shownMissing).map(({ message }) => message);
  const more = missing.length > shown.length ? [`and ${missing.length - shown.length} more`] : [];
  const pairs = missing.filter(({ kind }) => kind === 'peer' || kind === 'link');
  const message = `the cluster is not complete after ${Math.round(deadlineMs / 1000)} s: ${[...shown, ...more].join('; ')}`;
  return new OperationError(message, {
    hints: [
      ...restless,
      ...(pairs.length > 0
        ? [
            'Nodes talk to each other on port + 10000: look for a firewall between the hosts named above.',
            'A node that was made to forget another lets it in again after a minute (CLUSTER FORGET).',
          ]
        : []),
      'Run the same command again: forming resumes where it was.',
    ],
  });
}

const shownMissing = 6;
