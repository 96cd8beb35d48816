import type { CheckInput, Pending } from '../checks/input.ts';
import type { HostProbe, NodeProbe } from '../checks/probe.ts';
import type { ClusterView } from '../cluster/view.ts';
import { OperationError } from '../base/errors.ts';
import type { Node } from '../inventory/inventory.ts';
import { isFailure } from '../redis/connection.ts';
import { askJournal } from '../session/journal/journal.ts';
import { lockHolder } from '../session/lock/holder.ts';
import { type HostsObservation, type Observation, observeHosts, observeNodes } from './observe.ts';
import { planInputs } from './plan-inputs.ts';
import type { Session } from '../session/session.ts';
import { probeAnonymous } from './anonymous.ts';
import { probeWrites } from './paused.ts';
import { lookAtConnections } from './connections.ts';
import { lookAtStopped } from './evidence.ts';
import { addCertificates } from './certificates.ts';
import { probeHost } from './host-probe.ts';
import { probeNode } from './node-probe.ts';
import { countOpenSlotKeys } from './open-slots.ts';
import { countStrayKeys } from './stray-keys.ts';
import { isPublished } from './published.ts';

/** Everything that one look at the hosts and nodes brings. */
export type Look = Omit<CheckInput, 'writeTest'>;

/** What is known of the hosts alone. */
export type HostsLook = {
  readonly observed: HostsObservation;
  readonly hostProbes: CheckInput['hostProbes'];
  readonly pending: Pending;
  readonly pendingUnread: string | undefined;
};

/** Halves of a look that the caller takes anyway. */
export type Parts = { readonly hosts?: Promise<HostsLook>; readonly view?: Promise<ClusterView> };

export async function lookAtHosts(session: Session): Promise<HostsLook> {
  const [observed, hostProbes, pending] = await Promise.all([
    observeHosts(session, { askDefaults: true }),
    probeHosts(session),
    readPending(session),
  ]);
  return { observed, hostProbes, ...pending };
}

/**
 * Observes all hosts and nodes at once. Everything that does not depend on anything else is read in one wave:
 * a host's facts and probe while the tool connects to its nodes and reads them. A second wave only counts the
 * keys of open slots, reads certificates and finds out why nodes do not run, where there are any. Changes
 * nothing. The result lists hosts and nodes that do not respond.
 */
export async function look(
  session: Session,
  { hosts = lookAtHosts(session), view: viewing = observeNodes(session) }: Parts = {},
): Promise<Look> {
  const { inventory } = session;
  const [{ observed, hostProbes, pending, pendingUnread }, view, nodeProbes] = await Promise.all([
    hosts,
    viewing,
    probeNodes(session),
  ]);
  const observation = { ...observed, view };
  const facts = hostFacts(session, observation);
  const { openSlotKeys, certified, ...found } = await lookCloser(
    session,
    { ...observation, hostProbes },
    facts,
  );
  return {
    inventory,
    view: observation.view,
    hosts: facts,
    defaults: Object.fromEntries(observed.defaults),
    ...found,
    first: undefined,
    files: filesOf(session, observation),
    now: Date.now(),
    probes: withOpenSlots(nodeProbes, openSlotKeys),
    hostProbes: certified,
    pending,
    pendingUnread,
    passwordPublished: isPublished(session.secrets.password),
  };
}

/** What is asked of few, and known to be worth asking only after the first wave. */
async function lookCloser(
  session: Session,
  { view, hostProbes }: Pick<Observation, 'view'> & Pick<HostsLook, 'hostProbes'>,
  hosts: CheckInput['hosts'],
): Promise<
  Pick<Look, 'strayKeys' | 'evidence' | 'connections'> & {
    readonly openSlotKeys: Awaited<ReturnType<typeof countOpenSlotKeys>>;
    readonly certified: Look['hostProbes'];
  }
> {
  const [openSlotKeys, strayKeys, certified, evidence, connections] = await Promise.all([
    countOpenSlotKeys(session, view),
    countStrayKeys(session, view),
    addCertificates(session, { hostProbes, view }),
    lookAtStopped(session, { view, hosts }),
    lookAtConnections(session, view),
  ]);
  return { openSlotKeys, strayKeys, certified, evidence, connections };
}

const withOpenSlots = (
  probes: Probed,
  openSlotKeys: Awaited<ReturnType<typeof countOpenSlotKeys>>,
): Look['probes'] =>
  Object.fromEntries(
    Object.entries(probes).map(([id, probe]) => [id, { ...probe, openSlotKeys: openSlotKeys[id] ?? {} }]),
  );

/**
 * Looks at the nodes again and keeps what is known of the hosts: what passes by itself shows on the nodes.
 */
export async function lookAgain(session: Session, before: Look): Promise<Look> {
  const [view, probes] = await Promise.all([observeNodes(session), probeNodes(session)]);
  const [openSlotKeys, evidence, connections] = await Promise.all([
    countOpenSlotKeys(session, view),
    lookAtStopped(session, { view, hosts: before.hosts }),
    lookAtConnections(session, view),
  ]);
  const first = before.first ?? infoOf(before.view);
  return {
    ...before,
    view,
    evidence,
    connections,
    first,
    probes: withOpenSlots(probes, openSlotKeys),
    now: Date.now(),
  };
}

const infoOf = ({ nodes }: ClusterView): NonNullable<CheckInput['first']> =>
  Object.fromEntries(nodes.flatMap((view) => (view.reachable ? [[view.node, view.info]] : [])));

function hostFacts({ inventory }: Session, { facts, failures }: Observation): CheckInput['hosts'] {
  return Object.fromEntries(
    inventory.hosts.map(({ name }) => {
      const known = facts.get(name);
      const reason = failures.get(name)?.message ?? 'it was not asked';
      return [name, known ? { reachable: true, facts: known } : { reachable: false, reason }];
    }),
  );
}

function filesOf({ inventory, secrets }: Session, observation: Observation): CheckInput['files'] {
  const inputs = planInputs({ inventory, secrets, observation });
  return Object.fromEntries([...inputs].map(([name, { desired }]) => [name, desired.files]));
}

type Probed = Readonly<Record<string, Omit<NodeProbe, 'openSlotKeys'>>>;

async function probeNodes(session: Session): Promise<Probed> {
  const probes = await Promise.all(session.inventory.nodes.map((node) => probeOne(session, node)));
  return Object.fromEntries(probes.flat());
}

async function probeOne(
  session: Session,
  node: Node,
): Promise<readonly (readonly [string, Probed[string]])[]> {
  const shell = session.shells.get(node.host);
  try {
    // All at once: were the node's own answers waited for first, that would be a round trip more.
    const [probe, writes, anonymous] = await Promise.all([
      session
        .redis(node)
        .then((connection) => (isFailure(connection) ? undefined : probeNode(connection, session))),
      probeWrites(session, node),
      shell ? probeAnonymous(shell, node) : ('unknown' as const),
    ]);
    return probe === undefined ? [] : [[node.id, { ...probe, writes, anonymous }]];
  } catch (error) {
    // Its view says that, and why, it does not answer.
    if (error instanceof OperationError) return [];
    throw error;
  }
}

async function probeHosts(session: Session): Promise<Readonly<Record<string, HostProbe>>> {
  const { inventory, shells, signal } = session;
  const probes = await Promise.all(
    inventory.hosts.map(async (host) => {
      const shell = shells.get(host.name);
      return [host.name, shell && (await probeHost(shell, { inventory, host, signal }))] as const;
    }),
  );
  return Object.fromEntries(probes.flatMap(([name, probe]) => (probe ? [[name, probe]] : [])));
}

/**
 * What cannot be read is reported as such (`checks/cluster/unchecked.ts`): nothing begun is not known then.
 */
async function readPending(session: Session): Promise<Pick<HostsLook, 'pending' | 'pendingUnread'>> {
  const { journal, unread } = await askJournal(session);
  const { drained, restart, drill } = journal;
  const lock = restart || drill ? await lockHolder(session) : undefined;
  const since = Object.entries(drained).map(([host, past]) => [host, past.since]);
  return {
    pending: { drained: Object.fromEntries(since), restart, drill: drill?.since, underWay: lock?.holder },
    pendingUnread: unread ?? lock?.unread,
  };
}
