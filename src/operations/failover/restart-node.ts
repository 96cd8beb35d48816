import { memberOf } from '../../cluster/failover/situation.ts';
import type { Situation } from '../../cluster/failover/situation.ts';
import { countSlots } from '../../cluster/slots.ts';
import { OperationError, RefusedError, WeedgoError } from '../../errors.ts';
import { applySteps } from '../../host/apply.ts';
import { factsContext } from '../../host/context.ts';
import { readFacts } from '../../host/facts/read.ts';
import { planStop } from '../../host/planning/services.ts';
import { servicesOf } from '../../host/services.ts';
import { describeStep } from '../../host/step.ts';
import type { HostStep, Service } from '../../host/step.ts';
import type { Node } from '../../inventory/inventory.ts';
import { layoutOf } from '../../render/layout.ts';
import type { Shell } from '../../ssh/shell.ts';
import { explainStart } from '../explain-start.ts';
import type { Session } from '../session.ts';
import { refuseUnconfigured } from '../unconfigured.ts';
import { awaitInSync } from './await-sync.ts';
import { lookAround } from './look.ts';
import type { LookOptions } from './look.ts';

/** What a node's process is run by, its host's connection, and the steps that bring it down. */
export type NodeService = {
  readonly shell: Shell;
  readonly service: Service;
  /** Empty when it does not run. */
  readonly stop: readonly HostStep[];
  /** systemd is to read its units before the next start. */
  readonly reload: readonly HostStep[];
};

/** Reads a node's host. Throws OperationError when it cannot be connected or asked, RefusedError as `refuseUnconfigured`. */
export async function serviceOf(session: Session, node: Node): Promise<NodeService> {
  const { inventory, shells, unreachable } = session;
  const host = inventory.hosts.find(({ name }) => name === node.host);
  const shell = shells.get(node.host);
  if (!host || !shell)
    throw unreachable.get(node.host) ?? new OperationError('is not connected', { host: node.host });
  const layout = layoutOf(inventory, host);
  const facts = await readFacts(shell, factsContext(inventory, host, { layout }));
  refuseUnconfigured(
    host,
    facts,
    layout.nodes.filter((each) => each.node.id === node.id),
  );
  const service = servicesOf(inventory, layout, facts).find((each) => each.node === node.id);
  if (!service) throw new OperationError(`has no service for ${node.id}`, { host: node.host });
  const stale = service.manager === 'systemd' && facts.units[service.unit]?.needsReload === true;
  return {
    shell,
    service,
    stop: planStop([service], facts),
    reload: stale ? [{ kind: 'reload-units' }] : [],
  };
}

/**
 * Stops a node and starts it again, or starts one that is down, and waits until it is in sync. Throws RefusedError
 * when it runs and is the master of slots, as itself or the others say: it may have become so since the guards looked,
 * or only be out of our reach. Throws OperationError with the end of the node's log when it does not come back.
 */
export async function restartNode(session: Session, node: Node, look: LookOptions): Promise<void> {
  const found = await serviceOf(session, node);
  if (found.stop.length > 0) refuseServing(await lookAround(session, look), node);
  await start(session, node, { found, steps: found.stop, look });
}

/** Starts a node unless it runs, and waits until it is in sync. Stops nothing. Throws as `restartNode`. */
export async function startNode(session: Session, node: Node, look: LookOptions): Promise<void> {
  const found = await serviceOf(session, node);
  if (found.stop.length > 0) await awaitInSync(session, [node.id], look);
  else await start(session, node, { found, steps: [], look });
}

function refuseServing(situation: Situation, { id }: Node): void {
  const member = memberOf(situation, id);
  if (member?.role !== 'master' || countSlots(member.slots) === 0) return;
  throw new RefusedError(
    member.source === 'own'
      ? `${id} is the master of slots: it is not stopped before a replica has taken over`
      : `${id} cannot be asked, and the others hold it for the master of its slots: it is not stopped`,
    { node: id, hints: ['weedgo-redis verify says more; then run the same command again.'] },
  );
}

type Start = {
  readonly found: NodeService;
  /** What comes before it is started. */
  readonly steps: readonly HostStep[];
  readonly look: LookOptions;
};

async function start(session: Session, node: Node, { found, steps, look }: Start): Promise<void> {
  const { shell, service, reload } = found;
  try {
    await applySteps(shell, [...steps, ...reload, { kind: 'start-service', service }], {
      onStep: (step, state) => {
        if (state === 'done') session.emit({ type: 'node', node: node.id, message: describeStep(step) });
      },
    });
  } catch (error) {
    throw await explainStart(session, error);
  }
  try {
    await awaitInSync(session, [node.id], look);
  } catch (error) {
    if (!(error instanceof WeedgoError) || error.kind !== 'failed') throw error;
    throw new OperationError(`${error.message}\n${await endOfLog(shell, service)}`, {
      node: node.id,
      hints: error.hints,
      cause: error,
    });
  }
}

async function endOfLog(shell: Shell, { logFile }: Service): Promise<string> {
  const request = { script: 'read -r log; tail -n 20 "$log"', stdin: `${logFile}\n`, asRoot: true };
  const { stdout } = await shell.run(request).catch(() => ({ stdout: '' }));
  return stdout === '' ? `${logFile} cannot be read` : `the end of ${logFile}:\n${stdout.trimEnd()}`;
}
