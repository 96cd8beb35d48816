import type { InfoFields } from '../cluster/view.ts';
import { wasLinked } from '../cluster/whole-copy.ts';
import type { Inventory } from '../inventory/inventory.ts';
import { heirOf } from './consequences.ts';
import { hasDataFolder } from './data-folder.ts';
import type { CheckInput } from './input.ts';
import { byHand, ours } from './remedy.ts';
import type { Member, Shard, Topology } from './topology.ts';
import { lineOf } from './topology.ts';

/** How other nodes see a node that does not answer; `unseen`: no other node answers, or knows it. */
export type Standing = 'failed' | 'suspected' | 'alive' | 'unseen';

/**
 * `failed` is agreed by a majority; a node that merely suspects it (`fail?`) has not heard from it for a
 * while. Where the nodes that answer are cut off from each other, the side with the most votes has the word:
 * each suspects the other.
 */
export function standingOf({ reachable, sides }: Topology, { nodeId }: Member): Standing {
  const observers = reachable.filter(({ node }) => sides.length < 2 || sides[0]?.includes(node));
  const lines = observers.flatMap((observer) => lineOf(observer, nodeId) ?? []);
  if (lines.some(({ flags }) => flags.includes('fail'))) return 'failed';
  if (lines.some(({ flags }) => flags.includes('fail?'))) return 'suspected';
  return lines.length === 0 ? 'unseen' : 'alive';
}

/** Masters with slots that take part, and how many there are. `away`: as `takeoversOf` has it. */
export function votersOf(
  topology: Topology,
  away: ReadonlySet<string> = new Set(),
): { readonly voters: number; readonly masters: number } {
  const masters = topology.shards.map(({ master }) => master).filter(({ slots }) => slots.length > 0);
  const voters = masters.filter((master) => {
    if (isAway(topology, master, away)) return false;
    const standing = standingOf(topology, master);
    return standing === 'alive' || (master.view !== undefined && standing === 'unseen');
  });
  return { voters: voters.length, masters: masters.length };
}

export const hasMajority = ({ voters, masters }: ReturnType<typeof votersOf>): boolean =>
  voters * 2 > masters;

/**
 * The commands that have replicas take over from masters that do not serve, by the masters' inventory ids: in
 * the inventory's order, so that each counts on those before it. Where no majority is left a failure is never
 * agreed on, and the first takeovers must do without votes. `away`: nodes (inventory ids) that no start
 * brings back with their data, although no other node may have taken note of that yet.
 */
export function takeoversOf(
  inventory: Inventory,
  topology: Topology,
  away: ReadonlySet<string> = new Set(),
): ReadonlyMap<string, readonly string[]> {
  let { voters } = votersOf(topology, away);
  const { masters } = votersOf(topology, away);
  const commands = new Map<string, readonly string[]>();
  for (const shard of topology.shards) {
    const isMajority = hasMajority({ voters, masters });
    const isGone = isAway(topology, shard.master, away) || isDue(topology, shard, isMajority);
    const heir = isGone ? heirOf(shard) : undefined;
    if (!heir || isUseless(heir)) continue;
    commands.set(shard.master.node.id, commandsOf(inventory, shard, { heir, isMajority }));
    voters += 1;
  }
  return commands;
}

/** Nobody here can reach it, and no other node has heard from it since that node was started. */
function isAway(
  { reachable }: Topology,
  { node, nodeId, view, slots }: Member,
  away: ReadonlySet<string>,
): boolean {
  if (!away.has(node.id) || view !== undefined || slots.length === 0) return false;
  return reachable.every((observer) => {
    const line = lineOf(observer, nodeId);
    return line?.linkState !== 'connected' || line.pongReceived <= startOf(observer.info);
  });
}

/**
 * A start dates every pong that nodes.conf knows of to its own time (clusterLoadConfig); uptime is in whole
 * seconds.
 */
const loadMs = 1500;

/**
 * When a node had certainly read its nodes.conf, ms since the epoch by its own clock; 0 where it does not
 * say.
 */
function startOf(info: InfoFields): number {
  const now = Number(info['server_time_usec']) / 1000;
  const uptime = Number(info['uptime_in_seconds']) * 1000;
  return Number.isFinite(now - uptime) ? now - uptime + loadMs : 0;
}

/** As `takeoversOf`, of one master: what is down without its data does not come back by a start either. */
export const takeoverOf = (input: CheckInput, topology: Topology, master: string): readonly string[] =>
  takeoversOf(input.inventory, topology, bareNodes(input, topology)).get(master) ?? [];

/** Nodes (inventory ids) that are down, and whose hosts show that they have no data folder. */
const bareNodes = (input: CheckInput, { unreachable }: Topology): ReadonlySet<string> =>
  new Set(
    unreachable.flatMap(({ node, failure }) =>
      failure === 'refused' && !hasDataFolder(node, input) ? [node] : [],
    ),
  );

/**
 * The command that has a replica take over from a master whose process hangs while its bus still answers:
 * nobody takes it for failed, and nothing that asks it can be done. It starts the process again as a replica.
 * undefined: no replica could.
 */
export function replaceHung(
  inventory: Inventory,
  topology: Topology,
  master: string,
): readonly string[] | undefined {
  const shard = topology.shards.find((each) => each.master.node.id === master);
  const heir = shard && shard.master.slots.length > 0 ? heirOf(shard) : undefined;
  if (!shard || !heir || isUseless(heir)) return undefined;
  const { id } = heir.node;
  return [
    byHand(
      `its process is alive: what ${master} acknowledges until it learns of its successor is lost by this`,
    ),
    ours(inventory, 'failover', id, '--force', '--confirm', `shard-${shard.number}`),
  ];
}

function isDue(topology: Topology, { master }: Shard, isMajority: boolean): boolean {
  if (master.view !== undefined || master.slots.length === 0) return false;
  const standing = standingOf(topology, master);
  if (standing === 'failed') return true;
  // A process that is merely down is started again, which loses nothing; a host that is away cannot be.
  const seen = topology.unreachable.find(({ node }) => node === master.node.id);
  return standing === 'suspected' && !isMajority && seen?.failure === 'host';
}

function commandsOf(
  inventory: Inventory,
  { master, number }: Shard,
  { heir, isMajority }: { readonly heir: Member; readonly isMajority: boolean },
): readonly string[] {
  const { id } = heir.node;
  const words = ['failover', '--to', id, isMajority ? '--force' : '--takeover'];
  const cautions = [
    ...(isMajority
      ? []
      : [`no majority is left to prove that ${master.node.id} is dead: make sure that it is off`]),
    ...(isStale(heir)
      ? [
          `${id} has not been in sync since it was started: what ${master.node.id} acknowledged after ${id} stopped is lost by this`,
        ]
      : []),
  ];
  if (cautions.length === 0) return [ours(inventory, ...words)];
  return [...cautions.map(byHand), ours(inventory, ...words, '--confirm', `shard-${number}`)];
}

/** Its copy is what was on its disk (`judgeCopy` in cluster/failover/replacement.ts). */
const isStale = ({ view }: Member): boolean => view === undefined || !wasLinked(view.info);

/** In the midst of a copy, or without any: `failover` refuses it. */
const isUseless = (heir: Member): boolean =>
  heir.view?.info['master_sync_in_progress'] === '1' || (isStale(heir) && heir.view?.keys === 0);
