import type { UnreachableView } from '../../cluster/view.ts';
import { findNode } from '../../inventory/topology.ts';
import type { Check, Finding } from '../check.ts';
import type { CheckInput } from '../input.ts';
import { closingLast } from '../closing.ts';
import { consequencesOf } from '../consequences.ts';
import { replaceHung, takeoverOf } from '../takeovers.ts';
import { isWithoutDisk } from '../persistence/aftermath.ts';
import { hasDataFolder } from '../data-folder.ts';
import { byHand, call, onHost, ours, unitOf } from '../remedy.ts';
import { followsNobody, rejoin } from './rejoin.ts';
import { titled } from '../shared.ts';
import type { Topology } from '../topology.ts';
import { full } from '../load/full.ts';
import { hasConfiguration, listensElsewhere } from './provisioned.ts';
import { whyDown } from './down.ts';
import { foreign, unverified } from './listener.ts';
import { restartWithFile, wrongPassword } from './wrong-password.ts';

/** Nodes that do not answer although their host does; a disk that stops them has a finding that says so. */
export const nodes: Check = {
  name: 'nodes answer',
  section: 'cluster',
  run: (input, topology) => {
    const found = topology.unreachable
      .filter((view) => view.failure !== 'host' && !isWithoutDisk(input, view))
      .map((view): Finding => {
        const fault = diagnose(view, input, topology);
        return {
          ...fault,
          nodes: [view.node],
          hosts: [],
          seen: [fault.seen, ...consequencesOf(topology, [view.node])].join('; '),
          expected: "the node answers and accepts the inventory's password",
          remedy: [...new Set([...takeoverOf(input, topology, view.node), ...fault.remedy])],
          explains: [{ ids: ['WR-NODE-UNASKED'], nodes: [view.node] }, ...(fault.explains ?? [])],
        };
      });
    return closingLast(input.inventory, found);
  },
};

export type Fault = Omit<Finding, 'nodes' | 'hosts' | 'expected'>;

function diagnose(view: UnreachableView, input: CheckInput, topology: Topology): Fault {
  if (view.failure === 'refused') return down(view, input, topology);
  if (view.failure === 'auth') return wrongPassword(view, input, topology);
  if (view.failure === 'loading') return loading(view);
  if (view.failure === 'foreign') return foreign(view, input);
  if (view.failure === 'unverified') return unverified(view, input);
  if (view.failure === 'full') return full(view, input);
  if (view.failure === 'protected') return unlocked(view, input);
  if (view.reason.includes('BUSY')) return busy(view, input);
  if (view.reason.includes('NOPERM')) return withoutRights(view, input);
  return silent(view, input, topology);
}

function down({ node }: UnreachableView, input: CheckInput, topology: Topology): Fault {
  const reason = whyDown(node, input, topology);
  // What several nodes lack for different reasons is a finding each.
  if (reason) return { ...isDown, title: `${node} is down and does not start`, ...reason };
  const isProvisioned = hasConfiguration(node, input);
  const isInstalled = hasServer(node, input);
  const isGone = !hasDataFolder(node, input);
  const alone = followsNobody(node, input, topology);
  const isMoved = listensElsewhere(node, input);
  const way = isProvisioned && isInstalled && !isMoved ? 'start' : 'provision';
  return {
    ...isDown,
    ...titled(node, '{} {is|are} down'),
    seen: `nothing listens on its port${isProvisioned ? '' : '; it has no configuration file'}${isInstalled ? '' : '; its host has no server installed'}${isMoved ? '; its configuration file has another address' : ''}${isGone && isProvisioned ? '; its data folder is gone' : ''}`,
    remedy: isGone ? rejoin(node, input, topology) : alone.length > 0 ? alone : [ours(input.inventory, way)],
  };
}

const isDown = {
  id: 'WR-NODE-DOWN',
  severity: 'critical',
  why: 'While it is down its shard has one copy of the data less, or none that serves.',
} as const;

function hasServer(id: string, { inventory, hosts }: CheckInput): boolean {
  const facts = hosts[findNode(inventory, id)?.host ?? ''];
  return !facts?.reachable || facts.facts.server.installed !== undefined;
}

/** Not even a connection from its own host was let in, so its bind was changed too. */
function unlocked({ node, reason }: UnreachableView, { inventory }: CheckInput): Fault {
  const known = findNode(inventory, node);
  const unit = known && unitOf(inventory, known);
  return {
    id: 'WR-AUTH-MISSING',
    severity: 'critical',
    ...titled(node, '{} {has|have} no password'),
    seen: reason,
    why: 'Only protected mode keeps strangers out, and it turns every application away as well.',
    remedy: [
      byHand(
        `it does not listen on loopback either; its file has the password: stop and start ${unit ?? node}`,
      ),
      ours(inventory, 'start'),
    ],
  };
}

function loading({ node, reason }: UnreachableView): Fault {
  return {
    id: 'WR-NODE-LOADING',
    severity: 'warning',
    ...titled(node, '{} {is loading its|are loading their} data'),
    seen: reason,
    why: 'It serves nothing until its data set is in memory.',
    remedy: [],
    passing: true,
  };
}

function busy({ node, reason }: UnreachableView, { inventory, hosts }: CheckInput): Fault {
  const known = findNode(inventory, node);
  const facts = hosts[known?.host ?? ''];
  const pid = facts?.reachable === true ? facts.facts.processes[node]?.pid : undefined;
  return {
    id: 'WR-NODE-BUSY',
    severity: 'critical',
    title: `${node} runs a script that does not end`,
    seen: reason,
    why: 'It answers nothing else meanwhile, and the cluster soon takes it for dead.',
    remedy: [
      call(inventory, node, reason.includes('FUNCTION KILL') ? 'FUNCTION' : 'SCRIPT', 'KILL'),
      byHand(
        `where that says UNKILLABLE it has written, and ends with its process alone: what it wrote is lost, or half there. On ${known?.host ?? 'its host'}: kill -9 ${pid ?? 'its process'}; then ${ours(inventory, 'start')}`,
      ),
    ],
  };
}

/** The replicas log in as this user too, so none can follow it; its file gives it its rights at a start. */
function withoutRights(view: UnreachableView, input: CheckInput): Fault {
  return {
    id: 'WR-NODE-AUTH',
    severity: 'critical',
    ...titled(view.node, '{} {denies|deny} rights to the user default'),
    seen: view.reason,
    why: 'The tool and the replicas work as this user, so neither can work with it.',
    remedy: restartWithFile(input, view.node),
    explains: [{ ids: ['WR-DEFAULT-USER'], nodes: [view.node] }],
  };
}

function silent(
  { node, reason }: UnreachableView,
  { inventory, hostProbes }: CheckInput,
  topology: Topology,
): Fault {
  const known = findNode(inventory, node);
  const stopped = known && hostProbes[known.host]?.stopped[node];
  return {
    id: 'WR-NODE-SILENT',
    severity: 'critical',
    title: `${node} accepts connections and does not answer`,
    seen: stopped === undefined ? reason : `${reason}; its process ${stopped} is stopped (SIGSTOP)`,
    why: 'Clients hang on it instead of failing over, until the cluster takes it for dead.',
    remedy:
      known && stopped !== undefined
        ? [onHost(inventory, known.host, `kill -CONT ${stopped}`)]
        : (replaceHung(inventory, topology, node) ?? [ours(inventory, 'restart', node)]),
  };
}
