import type { Verdict } from '../cluster/failover/replacement.ts';
import type { Situation } from '../cluster/failover/situation.ts';
import type { Member } from '../cluster/shape.ts';
import { OperationError } from '../base/errors.ts';
import { probeFrom } from '../host/probe.ts';
import type { ProbeOutcome } from '../host/probe.ts';
import type { Shell } from '../ssh/shell.ts';
import { observeTopology } from '../redis/observe.ts';
import type { Session } from '../session/session.ts';
import { answering } from './look.ts';
import { signsOfLife } from './signs-of-life.ts';

/** The script on the peer tries for 3 s; logging in and finding a processor there may take as long again. */
const askMs = 15_000;

/**
 * What one host said after it had tried both of the master's ports itself. `undefined`: it did not try, or it
 * could not be heard. That a question got no answer in time is not an answer.
 */
export type Testimony = {
  readonly host: string;
  readonly says: 'reached' | 'not reached' | undefined;
  /** As a clause. */
  readonly how: string;
};

export type Heard = {
  readonly testimonies: readonly Testimony[];
  /** What the cluster's own nodes heard of the master meanwhile, as clauses. */
  readonly signs: readonly string[];
};

/** Has the hosts of the other masters try to connect to this one, all at once, in some 3 s. */
export async function askWitnesses(session: Session, situation: Situation, master: Member): Promise<Heard> {
  const asked = session.inventory.nodes.filter(({ id }) => answering(situation).has(id));
  const look = (): ReturnType<typeof observeTopology> =>
    observeTopology(asked, session.redis, { timeoutMs: 2000 });
  const before = await look();
  const hosts = new Set(othersOf(situation, master).map(({ node }) => node.host));
  const testimonies = await Promise.all(
    [...hosts].filter((host) => host !== master.node.host).map((host) => testify(session, host, master)),
  );
  return { testimonies, signs: signsOfLife(before, await look(), master) };
}

/** Dead: nobody saw it alive, and hosts with more than half of all masters say that they cannot reach it. */
export function judgeWitnesses(
  situation: Situation,
  master: Member,
  { testimonies, signs, why }: Heard & { readonly why: string },
): Verdict {
  const reached = testimonies.filter(({ says }) => says === 'reached');
  const [sign] = [...reached.map(({ how }) => how), ...signs];
  if (sign !== undefined) return { kind: 'alive', why: sign };
  const blind = testimonies.filter(({ says }) => says === 'not reached');
  const hosts = new Set(blind.map(({ host }) => host));
  const witnesses = othersOf(situation, master).filter(({ node }) => hosts.has(node.host)).length;
  if (witnesses * 2 > situation.shards.length)
    return { kind: 'dead', death: { kind: 'host', evidence: [why, ...blind.map(({ how }) => how)] } };
  const silent = testimonies.filter(({ says }) => says === undefined).map(({ how }) => how);
  const count = `${witnesses} of ${situation.shards.length} masters' hosts say that they cannot reach it`;
  return { kind: 'unknown', why: [why, count, ...silent].join('; ') };
}

const othersOf = ({ shards }: Situation, { nodeId }: Member): readonly Member[] =>
  shards.map(({ master }) => master).filter((other) => other.nodeId !== nodeId);

async function testify(session: Session, host: string, { node }: Member): Promise<Testimony> {
  const shell = session.shells.get(host);
  if (!shell) return { host, says: undefined, how: `${host} is not connected` };
  try {
    return describeOutcomes(host, node.id, await tryPorts(session, shell, node));
  } catch (error) {
    if (!(error instanceof OperationError)) throw error;
    return { host, says: undefined, how: `${host} could not be made to try: ${error.message}` };
  }
}

async function tryPorts(
  { signal }: Session,
  shell: Shell,
  node: Member['node'],
): Promise<readonly ProbeOutcome[]> {
  const probe = { from: shell.host, source: '', node };
  const probes = [
    { ...probe, port: node.port, what: 'client' },
    { ...probe, port: node.busPort, what: 'bus' },
  ] as const;
  return (await probeFrom(shell, probes, { signal, timeoutMs: askMs })).map(({ outcome }) => outcome);
}

function describeOutcomes(host: string, id: string, outcomes: readonly ProbeOutcome[]): Testimony {
  if (outcomes.includes('open') || outcomes.includes('narrow'))
    return { host, says: 'reached', how: `${host} reaches ${id}` };
  if (outcomes.includes('unknown'))
    return { host, says: undefined, how: `${host} cannot tell (bash, timeout and root are needed to try)` };
  return {
    host,
    says: 'not reached',
    how: `${host} cannot reach ${id} (${[...new Set(outcomes)].join(', ')})`,
  };
}
