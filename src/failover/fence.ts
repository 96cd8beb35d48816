import type { Member } from '../cluster/shape.ts';
import { OperationError, WeedgoError } from '../base/errors.ts';
import { applySteps } from '../host/apply.ts';
import { factsContext } from '../host/context.ts';
import { readTheseFacts } from '../host/facts/read.ts';
import { isEnabled, isRunning, servicesOf } from '../host/services.ts';
import { describeStep } from '../host/step.ts';
import type { Node } from '../inventory/inventory.ts';
import { layoutOf } from '../render/layout.ts';
import { throwIfInterrupted } from '../base/wait.ts';
import { waitTellers } from '../session/wait-teller.ts';
import type { Session } from '../session/session.ts';
import { startNode } from './restart-node.ts';
import type { LookOptions } from './look.ts';

/** A master that cannot come back while it is replaced, and whether it is to run again afterwards. */
export type Fence = { readonly startsAgain: boolean };

/**
 * Stops a master for certain before it is replaced, an automatic restart by systemd included, so that it
 * cannot acknowledge anything any more. undefined: its host is not connected, so nothing could be stopped.
 * Throws OperationError when the host is connected and the master could not be stopped.
 */
export async function fence(session: Session, { node }: Member): Promise<Fence | undefined> {
  const { inventory, signal } = session;
  const host = inventory.hosts.find(({ name }) => name === node.host);
  const shell = session.shells.get(node.host);
  if (!host || !shell) return undefined;
  throwIfInterrupted(signal);
  const layout = layoutOf(inventory, host);
  const facts = await readTheseFacts(shell, {
    context: factsContext(inventory, host, { layout }),
    names: ['os', 'server', 'units', 'processes'],
    timeoutMs: 10_000,
    signal,
  });
  const service = servicesOf(inventory, layout, facts).find((each) => each.node === node.id);
  if (!service) throw new OperationError(`has no service for ${node.id}`, { host: node.host });
  // Nothing starts a plain daemon again, so one that does not run needs no fence.
  if (service.manager === 'daemon' && !isRunning(service, facts)) return { startsAgain: false };
  await applySteps(shell, [{ kind: 'fence-service', service }], {
    ...waitTellers(session.emit, node.host),
    onStep: (step, state) => {
      if (state === 'done') session.emit({ type: 'node', node: node.id, message: describeStep(step) });
    },
  });
  return { startsAgain: service.manager === 'daemon' || isEnabled(service, facts) };
}

/**
 * Starts a fenced master that was replaced: it follows its successor now. Whatever keeps it from that is a
 * warning: the shard is served.
 */
export async function startReplaced(session: Session, node: Node, look: LookOptions): Promise<void> {
  try {
    await startNode(session, node, look);
  } catch (error) {
    if (!(error instanceof WeedgoError) || error.kind === 'interrupted') throw error;
    session.emit({
      type: 'warning',
      node: node.id,
      message: `its successor serves, but ${node.id} could not be started again as a replica: ${error.message}`,
      hints: ['Run weedgo-redis verify: it names the cause.'],
    });
  }
}
