import type { Reason } from '../cluster/failover/reason.ts';
import { memberOf } from '../cluster/failover/situation.ts';
import type { Situation } from '../cluster/failover/situation.ts';
import { countSlots } from '../cluster/slots.ts';
import { OperationError, RefusedError, WeedgoError } from '../base/errors.ts';
import { applySteps } from '../host/apply.ts';
import { factsContext } from '../host/context.ts';
import type { Facts } from '../host/facts.ts';
import { readFacts } from '../host/facts/read.ts';
import { maskedUnits } from '../host/requirements/masked.ts';
import { moveOf } from '../host/planning/moves.ts';
import { planStop } from '../host/planning/stops.ts';
import { judgeService, startQuestion } from '../host/planning/starts.ts';
import type { HostProblem } from '../host/requirements/problem.ts';
import type { StartVerdict } from '../host/start/clearance.ts';
import { endOfLog as endOfLogFunction } from '../host/scripts/as-service-user.ts';
import { servicesOf } from '../host/services.ts';
import { isBareReplica } from '../host/start/owner.ts';
import { describeStep } from '../host/step.ts';
import type { HostStep } from '../host/step.ts';
import type { Service } from '../host/service.ts';
import type { Host, Inventory, Node } from '../inventory/inventory.ts';
import { layoutOf } from '../render/layout.ts';
import type { Layout, NodeLayout } from '../render/layout.ts';
import type { Shell } from '../ssh/shell.ts';
import { explainStart } from '../observation/explain-start.ts';
import { guardStop } from './guard-stop.ts';
import { observe } from '../observation/observe.ts';
import { throwIfInterrupted } from '../base/wait.ts';
import { peersWords } from '../checks/start-word.ts';
import { waitTellers } from '../session/wait-teller.ts';
import type { Session } from '../session/session.ts';
import { refuseMasked, refuseUnconfigured } from './unconfigured.ts';
import { awaitInSync } from './await-sync.ts';
import { awaitFirstCopy, resumeCopies } from './first-copy.ts';
import { lookAround } from './look.ts';
import { refuseFor } from './refuse.ts';
import type { LookOptions } from './look.ts';

/** What a node's process is run by, its host's connection, and the steps that bring it down. */
export type NodeService = {
  readonly shell: Shell;
  readonly service: Service;
  /** Empty when it does not run. */
  readonly stop: readonly HostStep[];
  /** Its data is where an earlier version of the tool had it: moved before the next start. */
  readonly move: readonly HostStep[];
  /** systemd is to read its units before the next start. */
  readonly reload: readonly HostStep[];
};

/**
 * Reads a node's host. Throws OperationError when it does not respond, RefusedError as `refuseUnconfigured`.
 */
export async function serviceOf(session: Session, node: Node): Promise<NodeService> {
  const place = placeOf(session, node);
  const facts = await readFacts(place.shell, factsContext(session.inventory, place.host, place));
  return findService({ ...place, inventory: session.inventory, facts }, node);
}

type Place = { readonly host: Host; readonly shell: Shell; readonly layout: Layout };

function placeOf({ inventory, shells, unreachable }: Session, node: Node): Place {
  const host = inventory.hosts.find(({ name }) => name === node.host);
  const shell = shells.get(node.host);
  if (!host || !shell)
    throw unreachable.get(node.host) ?? new OperationError('is not connected', { host: node.host });
  return { host, shell, layout: layoutOf(inventory, host) };
}

function findService(
  seen: Place & { readonly inventory: Inventory; readonly facts: Facts },
  node: Node,
): NodeService {
  const { inventory, host, shell, layout, facts } = seen;
  refuseUnconfigured(
    host,
    facts,
    layout.nodes.filter((each) => each.node.id === node.id),
  );
  refuseWithoutFolder(facts, node);
  const service = servicesOf(inventory, layout, facts).find((each) => each.node === node.id);
  if (!service) throw new OperationError(`has no service for ${node.id}`, { host: node.host });
  refuseMasked(host, maskedUnits([service], facts));
  const move = layout.nodes.flatMap((place) =>
    place.node.id === node.id ? (moveOf(place, { server: inventory.server, facts }) ?? []) : [],
  );
  const stale = service.manager === 'systemd' && facts.units[service.unit]?.needsReload === true;
  return {
    shell,
    service,
    stop: planStop([service], facts),
    move,
    reload: stale ? [{ kind: 'reload-units' }] : [],
  };
}

type Startable = NodeService & {
  readonly verdict: StartVerdict;
  readonly noStop: readonly Reason[];
  /**
   * By its nodes.conf a replica, and nothing on its disk that it would read: it starts without its master's
   * keys.
   */
  readonly isBareReplica: boolean;
};

/**
 * As `serviceOf`, and whether the node may be started with what is on its disk: every host and node is asked.
 */
async function judgeNode(session: Session, node: Node): Promise<Startable> {
  const { inventory } = session;
  const place = placeOf(session, node);
  const observation = await observe(session);
  const facts = observation.facts.get(node.host);
  if (!facts) {
    throw observation.failures.get(node.host) ?? new OperationError('is not connected', { host: node.host });
  }
  const found = findService({ ...place, inventory, facts }, node);
  const word = peersWords(inventory, observation);
  const confOf = ({ configFile }: NodeLayout): string | undefined => facts.files[configFile]?.content;
  const context = { inventory, host: place.host, facts, layouts: place.layout.nodes, word, isMoved: true };
  return {
    ...found,
    noStop: guardStop(inventory, observation, [node.id]),
    verdict: judgeService(context, found.service, confOf),
    isBareReplica: isBareReplica(startQuestion(context, node.id, confOf)),
  };
}

/**
 * Stops a node and starts it again, or starts one that is down, and waits until it is in sync. Throws
 * RefusedError when it runs and is the master of slots, as itself or the others say: it may have become so
 * since the guards looked, or only be out of reach; and when it could not save its last snapshot or would not
 * read what it wrote (`guardStop`) or would not come back with its data (`judgeStart`), before it is stopped.
 * Throws OperationError with the end of the node's log when it does not come back. An interruption never
 * leaves it stopped: it ends the waiting.
 */
export async function restartNode(session: Session, node: Node, look: LookOptions): Promise<void> {
  const found = await judgeNode(session, node);
  if (found.stop.length > 0) {
    refuseFor(found.noStop, `restart of ${node.id}`);
    refuseServing(await lookAround(session, look), node);
    throwIfInterrupted(session.signal);
  }
  await start(session, node, { found, steps: found.stop, look });
}

/** Starts a node unless it runs, and waits until it is in sync. Stops nothing. Throws as `restartNode`. */
export async function startNode(session: Session, node: Node, look: LookOptions): Promise<void> {
  const found = await judgeNode(session, node);
  if (found.stop.length > 0) await resumeCopies(session, [node.id], look);
  else await start(session, node, { found, steps: [], look });
}

/** Stopped, it would lose what it holds, and nothing would be there for it to start with. */
function refuseWithoutFolder({ processes }: Facts, { id }: Node): void {
  if (processes[id]?.folder !== 'gone') return;
  throw new RefusedError(
    `${id} runs, and its data folder was removed: what it holds is in its memory alone`,
    {
      node: id,
      hints: [
        'Run `weedgo-redis verify`: it prints the commands that let a replica take over and replace the node.',
      ],
    },
  );
}

function refuseServing(situation: Situation, { id }: Node): void {
  const member = memberOf(situation, id);
  if (member?.role !== 'master' || countSlots(member.slots) === 0) return;
  throw new RefusedError(
    member.source === 'own'
      ? `${id} is the master of slots: it is not stopped before a replica has taken over`
      : `${id} does not respond, and the other nodes hold it for the master of its slots: it is not stopped`,
    { node: id, hints: ['Run `weedgo-redis verify` for details, then run the same command again.'] },
  );
}

type Start = {
  readonly found: Startable;
  /** What comes before it is started. */
  readonly steps: readonly HostStep[];
  readonly look: LookOptions;
};

function refusedStart({ id }: Node, problems: readonly HostProblem[]): RefusedError {
  const [first, ...others] = problems;
  return new RefusedError(first?.message ?? `${id} must not be started`, {
    node: id,
    hints: [...(first?.hints ?? []), ...others.flatMap(({ message, hints }) => [message, ...hints])],
  });
}

async function start(session: Session, node: Node, { found, steps, look }: Start): Promise<void> {
  const { shell, move, reload, service, verdict } = found;
  if (!verdict.cleared) throw refusedStart(node, verdict.problems);
  try {
    await applySteps(shell, [...steps, ...move, ...reload, { kind: 'start-service', ...verdict.cleared }], {
      // A node that was stopped is started whatever comes: an interruption ends only the waiting.
      isWhole: true,
      signal: session.signal,
      ...waitTellers(session.emit, node.host),
      onStep: (step, state) => {
        if (state === 'done') session.emit({ type: 'node', node: node.id, message: describeStep(step) });
      },
    });
  } catch (error) {
    throw await explainStart(session, error);
  }
  try {
    await (found.isBareReplica ? awaitFirstCopy : awaitInSync)(session, [node.id], look);
  } catch (error) {
    if (!(error instanceof WeedgoError) || error.kind !== 'failed') throw error;
    throw new OperationError(`${error.message}\n${await endOfLog(shell, service)}`, {
      node: node.id,
      hints: error.hints,
      cause: error,
    });
  }
}

async function endOfLog(shell: Shell, service: Service): Promise<string> {
  const { logFile } = service;
  const user = service.manager === 'systemd' ? service.serviceUser : undefined;
  const script = `${endOfLogFunction(user)}\nread -r log; end_of_log "$log"`;
  const { stdout } = await shell
    .run({ script, stdin: `${logFile}\n`, asRoot: true })
    .catch(() => ({ stdout: '' }));
  return stdout === '' ? `${logFile} cannot be read` : `the end of ${logFile}:\n${stdout.trimEnd()}`;
}
