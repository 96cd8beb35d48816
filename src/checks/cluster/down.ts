import { formatBytes } from '../../base/bytes.ts';
import { causeOf, type StartCause } from '../../host/diagnosis/cause.ts';
import type { Node } from '../../inventory/inventory.ts';
import { findNode } from '../../inventory/topology.ts';
import { type NodeLayout, nodeLayoutOf } from '../../render/layout.ts';
import type { Finding } from '../check.ts';
import { expectedData } from '../data-folder.ts';
import type { CheckInput } from '../input.ts';
import { ours, stopNode, unitOf } from '../remedy.ts';
import { joinNames } from '../text.ts';
import type { Topology } from '../topology.ts';
import { type Subject, wayOut } from './way-out.ts';

/** Why a node does not run, where its host shows it, and the way out; undefined: it merely does not run. */
export type Why = Pick<Finding, 'seen' | 'remedy' | 'explains'> & { readonly title?: string };

export function whyDown(id: string, input: CheckInput, topology: Topology): Why | undefined {
  const evidence = input.evidence[id];
  const node = findNode(input.inventory, id);
  const cause = evidence && node && causeOf(evidence, node, expectedData(id, input));
  const place = nodeLayoutOf(input.inventory, id);
  if (!cause || !place) return undefined;
  const own = input.hosts[node.host];
  const pid = own?.reachable === true ? own.facts.processes[id]?.pid : undefined;
  if (pid !== undefined && cause.kind === 'port' && cause.holder.pid === pid)
    return {
      title: `${id} runs and does not listen where it should`,
      seen: `its process ${pid} does not listen on ${node.address}:${node.port}`,
      explains: [{ ids: ['WR-LISTEN-WIDE'], nodes: [id] }],
      remedy: [stopNode(input.inventory, node, pid), ours(input.inventory, 'start')],
    };
  const subject = { inventory: input.inventory, node, place, topology };
  return { seen: describe(cause, subject), remedy: wayOut(cause, subject) };
}

function describe(cause: StartCause, { inventory, node, place }: Subject): string {
  switch (cause.kind) {
    case 'masked':
      return `${unitOf(inventory, node) ?? 'its unit'} is masked`;
    case 'program':
      return `the server program does not run: ${cause.said}`;
    case 'address':
      return `${node.host} does not have the address ${cause.address}; it has ${joinNames(cause.has)}`;
    case 'port':
      return describeHolder(cause, node);
    case 'owner':
      return `${joinNames(cause.entries.map(({ path }) => path || 'the folder itself'))} in ${place.dataDirectory} ${cause.entries.length === 1 ? 'belongs' : 'belong'} to another user (uid ${cause.entries[0]?.uid})`;
    case 'nodes-conf':
      return `${place.dataDirectory}/nodes.conf is ${cause.fault}`;
    case 'aof':
      return describeAof(cause, place);
    case 'dump':
      return `${place.dataDirectory}/dump.rdb is ${cause.fault}`;
    case 'log-folder':
      return `${place.logFile} is a folder`;
    case 'configuration':
      return `the server does not accept its configuration: ${cause.said}`;
    case 'setup':
      return `systemd could not set its process up (exit code ${cause.status})${cause.said === undefined ? '' : `: ${cause.said}`}${overriddenBy(cause.dropIns)}`;
    case 'guard':
      return cause.said ?? 'its start guard refused to start it';
    case 'timeout':
      return `systemd ended it because its start took longer than TimeoutStartSec${overriddenBy(cause.dropIns)}`;
    case 'oom':
      return 'it was killed because memory ran out';
    case 'crash':
      return `it crashed (signal ${cause.signal})${cause.reported ? `; its crash report is in ${place.logFile}` : ''}`;
    case 'unknown':
      return `it was started and ended again; the last line of its log: ${cause.said}${overriddenBy(cause.dropIns)}`;
  }
}

const overriddenBy = (dropIns: readonly string[]): string =>
  dropIns.length === 0
    ? ''
    : `; ${joinNames(dropIns)} ${dropIns.length === 1 ? 'changes' : 'change'} its unit`;

function describeHolder({ holder }: Extract<StartCause, { kind: 'port' }>, node: Node): string {
  const who = holder.process === undefined ? 'another process' : `${holder.process} (pid ${holder.pid})`;
  const what = holder.port === node.busPort ? `its bus port ${holder.port}` : `its port ${holder.port}`;
  const how = holder.peer === undefined ? `listens on` : `has a connection to ${holder.peer} from`;
  return `${what} is taken: ${who} ${how} ${holder.address}:${holder.port}`;
}

function describeAof(cause: Extract<StartCause, { kind: 'aof' }>, { dataDirectory }: NodeLayout): string {
  if (cause.file === undefined)
    return `its append-only files in ${dataDirectory} are not valid: ${cause.said}`;
  const rest = formatBytes(cause.size - cause.validUpTo);
  const what = cause.fault === 'zeros' ? `the last ${rest} are zeros` : `the last ${rest} are not readable`;
  return `${cause.file} in ${dataDirectory} is damaged from byte ${cause.validUpTo} on: ${what}`;
}
