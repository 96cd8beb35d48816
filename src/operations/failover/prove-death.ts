import type { Verdict } from '../../cluster/failover/replacement.ts';
import type { Situation } from '../../cluster/failover/situation.ts';
import { reachableNodes } from '../../cluster/shape.ts';
import type { Member } from '../../cluster/shape.ts';
import { OperationError } from '../../errors.ts';
import { factsContext } from '../../host/context.ts';
import type { Facts } from '../../host/facts.ts';
import { readTheseFacts } from '../../host/facts/read.ts';
import type { Host } from '../../inventory/inventory.ts';
import { layoutOf } from '../../render/layout.ts';
import type { Shell } from '../../ssh/shell.ts';
import type { Session } from '../session.ts';
import { askWitnesses, judgeWitnesses } from './witnesses.ts';

/** Reading a few facts takes milliseconds; a host that takes longer than this says nothing. */
const factsMs = 10_000;

/**
 * Whether a master is dead: its process is gone, as seen on its host, and nothing starts it again; or this machine
 * cannot look at its host, and the hosts of a majority of the masters tried to connect and say that they cannot.
 */
export async function proveDeath(session: Session, situation: Situation, master: Member): Promise<Verdict> {
  const { id, host: name } = master.node;
  if (reachableNodes(situation.view).some(({ node }) => node === id))
    return { kind: 'alive', why: `${id} responds` };
  const host = session.inventory.hosts.find((candidate) => candidate.name === name);
  const shell = session.shells.get(name);
  if (!host) return { kind: 'unknown', why: `${name} is not in the inventory` };
  let why = session.unreachable.get(name)?.message ?? 'it is not connected';
  try {
    if (shell) return await processGone(session, { host, shell, master });
  } catch (error) {
    if (!(error instanceof OperationError)) throw error;
    why = error.message;
  }
  return judgeWitnesses(situation, master, {
    why: `${name} cannot be looked at: ${why}`,
    ...(await askWitnesses(session, situation, master)),
  });
}

async function processGone(
  { inventory, signal }: Session,
  { host, shell, master }: { readonly host: Host; readonly shell: Shell; readonly master: Member },
): Promise<Verdict> {
  // What cannot be looked at throws: not having seen a process is no proof.
  const facts = await readTheseFacts(shell, {
    context: factsContext(inventory, host),
    names: ['units', 'processes', 'listeners'],
    timeoutMs: factsMs,
    signal,
  });
  const { id, port, busPort } = master.node;
  const running = facts.processes[id];
  if (running) return { kind: 'alive', why: `its process ${running.pid} runs on ${host.name}` };
  const socket = facts.listeners.find((each) => each.port === port || each.port === busPort);
  if (socket) return { kind: 'alive', why: `${socket.process ?? 'a process'} listens on ${socket.port}` };
  const service = layoutOf(inventory, host).nodes.find(({ node }) => node.id === id)?.service;
  if (service?.manager === 'systemd') {
    const started = startedBySystemd(service.unit, facts);
    if (started) return started;
  }
  const evidence = [`no process of ${id} runs on ${host.name}, and nothing listens on ${port} or ${busPort}`];
  return { kind: 'dead', death: { kind: 'process', evidence } };
}

/** A unit that waits for its restart (`RestartSec`) has no process, and a second later it has one. */
function startedBySystemd(unit: string, { units }: Pick<Facts, 'units'>): Verdict | undefined {
  const state = units[unit];
  if (!state) return { kind: 'unknown', why: `systemd says nothing of ${unit}` };
  if (['inactive', 'failed'].includes(state.active) && state.mainPid === 0) return undefined;
  return {
    kind: 'alive',
    why: `${unit} is ${state.active} (${state.sub}): systemd runs it or starts it again`,
  };
}
