import type { Verdict } from '../cluster/failover/replacement.ts';
import type { Situation } from '../cluster/failover/situation.ts';
import { reachableNodes } from '../cluster/shape.ts';
import type { Member } from '../cluster/shape.ts';
import { OperationError } from '../base/errors.ts';
import { factsContext } from '../host/context.ts';
import { readTheseFacts } from '../host/facts/read.ts';
import { judgeProcess } from '../host/process-gone.ts';
import type { Host } from '../inventory/inventory.ts';
import { nodeLayoutOf } from '../render/layout.ts';
import type { Shell } from '../ssh/shell.ts';
import type { Session } from '../session/session.ts';
import { askWitnesses, judgeWitnesses } from './witnesses.ts';

/** Reading a few facts takes milliseconds; a host that takes longer than this says nothing. */
const factsMs = 10_000;

/**
 * Whether a master is dead: its process is gone, as seen on its host, and nothing starts it again; or this
 * machine cannot look at its host, and the hosts of a majority of the masters tried to connect and say that
 * they cannot.
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
  const place = nodeLayoutOf(inventory, master.node.id);
  if (!place) return { kind: 'unknown', why: `${master.node.id} has no place on ${host.name}` };
  const { kind, why } = judgeProcess(place, facts);
  if (kind === 'gone') return { kind: 'dead', death: { kind: 'process', evidence: [why] } };
  return { kind: kind === 'runs' ? 'alive' : 'unknown', why };
}
