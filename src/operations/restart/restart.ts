import { nextRestart } from '../../cluster/failover/restart.ts';
import { mastersOn } from '../../cluster/failover/roles.ts';
import type { Situation } from '../../cluster/failover/situation.ts';
import { guardInSync } from '../../cluster/failover/sync.ts';
import { RefusedError } from '../../base/errors.ts';
import type { Node } from '../../inventory/inventory.ts';
import type { Approval } from '../../session/approval.ts';
import { changing } from '../../session/changing.ts';
import { awaitRewrite } from '../../failover/await-rewrite.ts';
import { awaitQuiet } from '../../failover/await-guard.ts';
import { keepDrained } from '../../failover/electable.ts';
import { resumeCopies } from '../../failover/first-copy.ts';
import { lookAround } from '../../failover/look.ts';
import type { LookOptions } from '../../failover/look.ts';
import { moveMaster } from '../../failover/move.ts';
import type { Move } from '../../failover/move.ts';
import { namedNodes } from '../../failover/named-nodes.ts';
import { refuseFor } from '../../failover/refuse.ts';
import { requireCluster } from '../../failover/require.ts';
import { noteRoles } from '../../failover/rest.ts';
import { areDown, startThose } from '../../failover/start-those.ts';
import { restartNode, serviceOf } from '../../failover/restart-node.ts';
import { readRunIds, refuseUnlessNew } from '../../failover/run-ids.ts';
import { demandPauses } from '../../failover/write-pauses.ts';
import { readJournal, writeJournal } from '../../session/journal/journal.ts';
import type { Journal, RestartEntry } from '../../session/journal/journal.ts';
import { describeOperator } from '../../session/operator.ts';
import type { ProbeOptions } from '../../failover/write-probe/probe.ts';
import type { Session } from '../../session/session.ts';
import { guardRoll } from './guard-roll.ts';
import { createStages } from '../../session/stages.ts';
import type { Stages } from '../../session/stages.ts';

export type RestartRequest = {
  /** A node, a shard's number, a host, or `all`. */
  readonly target: string;
  /** Forget an unfinished rolling restart and begin again. */
  readonly fresh: boolean;
  /** Bytes that a replica may be behind; default `defaultMaxLag`. */
  readonly maxLag?: number | undefined;
  /** Write and read back numbered keys during each failover. */
  readonly probe?: ProbeOptions | undefined;
  readonly approval: Approval;
  /** The command line, for the audit log. */
  readonly command: string;
};

export type RestartReport = {
  /** In the order in which they were restarted; from stopping to being in sync, in ms. */
  readonly restarted: readonly { readonly node: string; readonly awayMs: number }[];
  /** Nodes that an interrupted run had restarted before. */
  readonly before: readonly string[];
  readonly moves: readonly Move[];
};

/**
 * Restarts nodes one at a time: replicas first, then each master after its replica has taken over; afterwards
 * it takes its role back. Between two of them every replica is in sync. What was restarted is remembered on
 * the hosts, so the same command resumes after an interruption. Throws RefusedError where a guard, the lock
 * or the operator says no, and OperationError, with the end of its log, at the first node that does not come
 * back.
 */
export async function restart(session: Session, request: RestartRequest): Promise<RestartReport> {
  const { inventory } = session;
  requireCluster(inventory, 'restart');
  const nodes = namedNodes(inventory, request.target);
  const change = { command: request.command, reason: `restart ${request.target}` };
  return changing(session, change, async (held) => {
    const journal = await readJournal(held);
    const look = { maxLag: request.maxLag, drained: Object.keys(journal.drained) };
    if (journal.restart === undefined && (await areDown(held, nodes, look)))
      return { restarted: await startThose(held, nodes, look), before: [], moves: [] };
    const agree = (situation: Situation): Promise<void> => demandPauses(situation, nodes, request.approval);
    const past = unfinished(journal, nodes, request);
    if (past) await agree(await lookAround(held, look));
    const run = past ?? (await begin(held, journal, { nodes, look, agree }));
    await noteAllRoles(held, look);
    const rolling = roll(held, run, { ...request, look, stages: createStages(held) });
    const report = await tellHowFar(held, run, rolling);
    await writeJournal(held, await readJournal(held), { restart: undefined });
    return report;
  });
}

/** A node that is restarted forgets when it was elected; the masters that voted for it do not. */
async function noteAllRoles(session: Session, look: LookOptions): Promise<void> {
  const situation = await lookAround(session, look);
  await Promise.all(situation.shards.map((shard) => noteRoles(session, situation, shard)));
}

/**
 * As `restart`, inside another command that holds the lock and has the operator's consent: restarts these
 * nodes and resolves when they are masters and replicas as before. `resume`: continues the run in the
 * journal, so that masters take their roles back; of its nodes only those are restarted that are in `nodes`.
 */
export async function rollOver(
  held: Session,
  stages: Stages,
  { nodes, resume }: { readonly nodes: readonly string[]; readonly resume: boolean },
): Promise<RestartReport> {
  const journal = await readJournal(held);
  const look = { maxLag: undefined, drained: Object.keys(journal.drained) };
  const past = journal.restart;
  const run =
    resume && past
      ? await whatIsLeft(held, past, nodes)
      : await begin(held, journal, { nodes, look, agree: async () => undefined, command: 'provision' });
  await noteAllRoles(held, look);
  const report = await roll(held, run, { look, stages });
  await writeJournal(held, await readJournal(held), { restart: undefined });
  return report;
}

/** The run without the nodes that were not restarted yet and do not need it any more. */
async function whatIsLeft(held: Session, past: RestartEntry, due: readonly string[]): Promise<RestartEntry> {
  const now = await readRunIds(held, past.nodes);
  const isTouched = (node: string): boolean => now.get(node) !== past.runIds[node];
  return { ...past, nodes: past.nodes.filter((node) => due.includes(node) || isTouched(node)) };
}

/** The run that this command resumes; undefined: there is none, or the operator asked to forget it. */
function unfinished(
  { restart: past }: Journal,
  nodes: readonly string[],
  { fresh }: RestartRequest,
): RestartEntry | undefined {
  if (!past || fresh) return undefined;
  if (past.nodes.length === nodes.length && nodes.every((node) => past.nodes.includes(node))) return past;
  throw new RefusedError(
    `a rolling restart of ${past.nodes.join(', ')} is not finished (by ${past.by}, since ${past.since})`,
    {
      hints: [
        past.command === 'provision'
          ? 'Run weedgo-redis provision to finish it, or add --fresh to forget it.'
          : 'Run that command again to finish it, or add --fresh to forget it.',
      ],
    },
  );
}

type Beginning = {
  readonly nodes: readonly string[];
  readonly look: LookOptions;
  /** Throws where the operator does not agree to what the restarts mean. */
  readonly agree: (situation: Situation) => Promise<void>;
  readonly command?: RestartEntry['command'];
};

async function begin(
  session: Session,
  journal: Journal,
  { nodes, look, agree, command }: Beginning,
): Promise<RestartEntry> {
  const situation = await awaitQuiet(session, 'restart', look);
  const masters = session.inventory.hosts.flatMap(({ name }) => mastersOn(situation, name));
  const run: RestartEntry = {
    since: new Date().toISOString(),
    by: describeOperator(),
    nodes: [...nodes],
    runIds: Object.fromEntries(await readRunIds(session, nodes)),
    masters: masters.filter((node) => nodes.includes(node)),
    ...(command && { command }),
  };
  // A run that may not take its first step has not begun.
  const first = nextRestart(situation, run, new Map(Object.entries(run.runIds)));
  if (first.kind === 'restart') refuseUnlessInSync(situation, first.node);
  refuseFor(await guardRoll(session, situation, nodes), 'restart');
  // Each host has what its nodes are started with.
  await Promise.all(
    session.inventory.nodes.filter(({ id }) => nodes.includes(id)).map((node) => serviceOf(session, node)),
  );
  await agree(situation);
  await writeJournal(session, journal, { restart: run });
  return run;
}

type Rolling = {
  readonly stages: Stages;
  readonly look: LookOptions;
  readonly probe?: ProbeOptions | undefined;
};

async function roll(
  session: Session,
  run: RestartEntry,
  { stages, look, probe }: Rolling,
): Promise<RestartReport> {
  const restarted: { node: string; awayMs: number }[] = [];
  const moves: Move[] = [];
  const atFirst = await readRunIds(session, run.nodes);
  const before = run.nodes.filter((node) => atFirst.has(node) && atFirst.get(node) !== run.runIds[node]);
  // An interruption may have left the last of them in the midst of its copy.
  await resumeCopies(session, before, look);
  for (;;) {
    const situation = await awaitQuiet(session, 'restart', look);
    const next = nextRestart(situation, run, await readRunIds(session, run.nodes));
    if (next.kind === 'done') return { restarted, before, moves };
    // Whatever was waited for, minutes may have passed since the look.
    if (next.kind === 'restart' && (await awaitRewrite(session, next.node))) continue;
    if (next.kind === 'failover') {
      moves.push(await moveMaster(session, next.choice, { stages, look, probe }));
      continue;
    }
    refuseUnlessInSync(situation, next.node);
    const start = performance.now();
    await stages.run('restart', `restart ${next.node.id}`, async () => ({
      value: await restartNode(session, next.node, look),
      changed: true,
    }));
    await keepDrained(session, next.node, look);
    refuseUnlessNew(run, next.node, await readRunIds(session, [next.node.id]));
    restarted.push({ node: next.node.id, awayMs: Math.round(performance.now() - start) });
  }
}

/** Whatever ends a rolling restart before its end, it is said how far it came. */
async function tellHowFar<T>({ emit }: Session, run: RestartEntry, work: Promise<T>): Promise<T> {
  return work.catch((error: unknown) => {
    emit({
      type: 'warning',
      message: `the restart of ${run.nodes.join(', ')} is not finished`,
      hints: [
        'Run the same command again: it resumes where it ended. Each node that it has restarted is shown above.',
      ],
    });
    throw error;
  });
}

function refuseUnlessInSync(situation: Situation, { id }: Node): void {
  refuseFor(guardInSync(situation, [id]), `restart of ${id}`);
}
