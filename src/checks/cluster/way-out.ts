import type { StartCause } from '../../host/diagnosis/cause.ts';
import type { Inventory, Node } from '../../inventory/inventory.ts';
import type { NodeLayout } from '../../render/layout.ts';
import { heirOf } from '../consequences.ts';
import { byHand, onHost, ours, unitOf, unmask } from '../remedy.ts';
import { joinNames } from '../text.ts';
import type { Topology } from '../topology.ts';

export type Subject = {
  readonly inventory: Inventory;
  readonly node: Node;
  readonly place: NodeLayout;
  readonly topology: Topology;
};

/** The commands that have a node run again, by the cause that keeps it down. */
export function wayOut(cause: StartCause, subject: Subject): readonly string[] {
  const { inventory, node, place } = subject;
  const start = ours(inventory, 'start');
  switch (cause.kind) {
    case 'masked':
      return [unmask(inventory, node.host, unitOf(inventory, node) ?? ''), start];
    case 'log-folder':
      return [onHost(inventory, node.host, `mv -nT ${place.logFile} ${place.logFile}.aside`), start];
    case 'owner':
    case 'configuration':
      return [ours(inventory, 'provision')];
    case 'nodes-conf':
      return setAside(subject, [ours(inventory, 'provision')], cause);
    case 'aof':
    case 'dump':
      return setAside(subject, [], cause);
    case 'timeout':
      return cause.dropIns.length === 0
        ? [ours(inventory, 'provision')]
        : withoutDropIns(subject, `take TimeoutStartSec out of ${joinNames(cause.dropIns)}`);
    case 'unknown':
      return [byHand(inPerson(cause, subject)), byHand(`when the reason is gone: ${start}`)];
    case 'setup':
      return cause.dropIns.length === 0
        ? [byHand(inPerson(cause, subject)), ours(inventory, 'provision')]
        : withoutDropIns(subject, `correct or remove ${joinNames(cause.dropIns)}`);
    case 'guard':
    case 'program':
    case 'address':
    case 'port':
    case 'oom':
    case 'crash':
      return [byHand(inPerson(cause, subject)), start];
  }
}

const withoutDropIns = ({ inventory, node }: Subject, what: string): readonly string[] => [
  byHand(`on ${node.host}, ${what}`),
  onHost(inventory, node.host, 'systemctl daemon-reload'),
  ours(inventory, 'start'),
];

/** What only a person can do before the node can be started. */
function inPerson(
  cause: Extract<
    StartCause,
    { kind: 'setup' | 'guard' | 'program' | 'address' | 'port' | 'oom' | 'crash' | 'unknown' }
  >,
  { inventory, node, place }: Subject,
): string {
  switch (cause.kind) {
    case 'setup':
      return `see that ${node.host} provides what the unit asks for: systemd.exec(5) has the exit codes, journalctl -u ${unitOf(inventory, node) ?? ''} the reason`;
    case 'guard':
      return `on ${node.host}, see to what it names`;
    case 'program':
      return `on ${node.host}, install what the server program lacks`;
    case 'address':
      return `give ${node.host} the address ${cause.address}, or correct the inventory`;
    case 'port':
      return freePort(cause, node);
    case 'oom':
      return `on ${node.host}, make room in memory: fewer nodes or programs, or a lower maxmemory`;
    case 'crash':
      return `on ${node.host}, keep ${place.logFile} for a bug report to the server's developers`;
    case 'unknown': {
      const unit = unitOf(inventory, node);
      const journal = unit === undefined ? '' : ` and of journalctl -u ${unit}`;
      return `on ${node.host}, read the end of ${place.logFile}${journal}`;
    }
  }
}

const freePort = ({ holder }: Extract<StartCause, { kind: 'port' }>, { host, id }: Node): string => {
  const who = holder.process === undefined ? 'the program' : `${holder.process} (pid ${holder.pid})`;
  return holder.peer === undefined
    ? `on ${host}, stop ${who}, or give ${id} another port in the inventory`
    : `on ${host}, restart ${who}: its connection to ${holder.peer} took the port; net.ipv4.ip_local_reserved_ports keeps ports free`;
};

type DataCause = Extract<StartCause, { kind: 'nodes-conf' | 'aof' | 'dump' }>;

/**
 * A damaged copy is replaced by a good one: the node's own files are set aside, never deleted, and its master
 * sends everything again. A master hands its slots over first.
 */
function setAside(subject: Subject, after: readonly string[], cause: DataCause): readonly string[] {
  const { inventory, node, topology } = subject;
  const resync = [ours(inventory, 'resync', node.id), ...after];
  const own = topology.shards.find(({ master }) => master.node.id === node.id);
  if (!own || own.master.slots.length === 0) return resync;
  const heir = heirOf(own);
  if (heir) return [ours(inventory, 'failover', '--to', heir.node.id, '--force'), ...resync];
  return lastCopy(subject, cause, own.number);
}

/** nodes.conf has the lines of CLUSTER NODES, and one of its own (clusterSaveConfig). */
const writeIdentity = (folder: string, id = 'ID'): string =>
  `write ${folder}/nodes.conf: what CLUSTER NODES of a node that answers shows, with "myself," moved from that node's line to that of ${id}, then a line "vars currentEpoch N lastVoteEpoch 0" with cluster_current_epoch of CLUSTER INFO as N`;

/** Nobody else has the data: what is lost is for a person to decide. */
function lastCopy(
  { inventory, node, place, topology }: Subject,
  cause: DataCause,
  shard: number,
): readonly string[] {
  const folder = place.dataDirectory;
  const file = cause.kind === 'aof' ? `appendonlydir/appendonly.aof.manifest` : '';
  const repair =
    cause.kind === 'aof'
      ? `cut off what is not readable: cd ${folder} && ${inventory.server}-check-aof --fix ${file}`
      : cause.kind === 'dump'
        ? `put a backup of dump.rdb into ${folder}`
        : writeIdentity(folder, topology.byNode.get(node.id)?.nodeId);
  return [
    byHand(
      `no other node has the data of shard ${shard}: copy ${folder} on ${node.host} to a safe place first`,
    ),
    byHand(`if a replica of shard ${shard} can be brought back, do that instead`),
    byHand(`else, on ${node.host} as the server's user, ${repair}`),
    byHand(`then: ${ours(inventory, 'start')}`),
  ];
}
