import { processIdOf } from '../../cluster/parse.ts';
import type { Inventory, Node } from '../../inventory/inventory.ts';
import type { Check, Finding } from '../check.ts';
import type { CheckInput } from '../input.ts';
import { heirOf } from '../consequences.ts';
import { identityLosses, isCountedIn, type IdentityLoss, knowsNobody } from '../identity.ts';
import { byHand, call, dataDirectoryOf, moveAside, ours, redisCli } from '../remedy.ts';
import { count, joinNames } from '../text.ts';
import { lineOf, type Member, type Topology } from '../topology.ts';

/** Every node of the inventory belongs to the cluster, under the id that the others know it by. */
export const members: Check = {
  name: 'members',
  section: 'cluster',
  cluster: true,
  run: (input, topology) => {
    const lost = identityLosses(input, topology);
    const replaced = new Set(lost.map(({ node }) => node.id));
    return [
      ...lost.map((loss) => changedIdentity(input, topology, loss)),
      ...topology.members
        .filter(({ view, node }) => view && !replaced.has(node.id))
        .flatMap((member) => notKnown(input, topology, member)),
    ];
  },
};

function notKnown(input: CheckInput, topology: Topology, member: Member): readonly Finding[] {
  if (knowsNobody(member.node.id, topology)) return [alone(input, topology, member)];
  const others = topology.reachable.filter(
    ({ nodeId, node }) => nodeId !== member.nodeId && !knowsNobody(node, topology),
  );
  const without = others.filter((observer) => lineOf(observer, member.nodeId) === undefined);
  return without.length === 0 ? [] : [forgotten(input, member, { without, others })];
}

/** It was reset, or never joined; after CLUSTER RESET SOFT the others still list it. */
function alone({ inventory }: CheckInput, topology: Topology, member: Member): Finding {
  const { node, view } = member;
  const byOthers = isCountedIn(member, topology) ? 'other nodes still list it' : 'no other node knows it';
  return {
    id: 'WR-NODE-ALONE',
    severity: 'critical',
    title: `${node.id} runs, but is not part of the cluster`,
    nodes: [node.id],
    hosts: [],
    seen: `it knows no other node, and ${byOthers}; it holds ${count(view?.keys ?? 0, 'key')}`,
    expected: 'every node of the inventory is a member',
    why: 'It neither serves nor protects any data of the cluster.',
    remedy: [ours(inventory, 'provision')],
    explains: [{ ids: ['WR-MASTER-EMPTY', 'WR-STATE-FAIL', 'WR-NODES-DISAGREE'], nodes: [node.id] }],
  };
}

function forgotten(
  { inventory }: CheckInput,
  { node }: Member,
  { without, others }: { readonly without: Topology['reachable']; readonly others: Topology['reachable'] },
): Finding {
  const by = without.map((view) => view.node);
  // One introduction is enough: gossip brings it to the rest, but not while they ban it, so each is told.
  const meets = by.map((observer) =>
    call(inventory, observer, 'CLUSTER', 'MEET', node.address, node.port, node.busPort),
  );
  const banned = without.some(spreadsBans);
  const forNow = banned ? ' For a minute after CLUSTER FORGET they undo a CLUSTER MEET.' : '';
  return {
    id: 'WR-NODE-FORGOTTEN',
    severity: by.length === others.length ? 'critical' : 'warning',
    title: `${node.id} is not known to ${by.length === others.length ? 'any other node' : joinNames(by)}`,
    nodes: [node.id],
    hosts: [],
    seen: `${by.length} of ${others.length} other nodes do not list it, although it lists itself as a member`,
    expected: 'every node is known to every other',
    why: `Those that do not know it would not let it take part in a failover.${forNow}`,
    remedy: banned ? ['sleep 60', ...meets] : meets,
    passing: true,
  };
}

/**
 * Since Redis 7.2 (and in all of Valkey) nodes continue to tell each other which nodes to forget, including
 * nodes that they have met again.
 */
function spreadsBans({ info }: Topology['reachable'][number]): boolean {
  const [major = 0, minor = 0] = (info['redis_version'] ?? '').split('.').map(Number);
  return major > 7 || (major === 7 && minor >= 2);
}

function changedIdentity(input: CheckInput, topology: Topology, loss: IdentityLoss): Finding {
  const { node, member, former } = loss;
  return {
    id: 'WR-NODE-IDENTITY',
    severity: 'critical',
    title: `${node.id} runs under another cluster id`,
    nodes: [node.id],
    hosts: [],
    seen: [
      `it calls itself ${member.nodeId}`,
      `the others remember ${joinNames(former)} there`,
      `it holds ${count(member.view?.keys ?? 0, 'key')}`,
      ...loss.strangers
        .filter(ownsSlots)
        .map(({ nodeId }) => `slots of ${nodeId.slice(0, 8)} are not served`),
    ].join('; '),
    expected: 'the id that it had when it joined, kept in its nodes.conf',
    why: 'To the cluster it is another node, so what it served or copied is missing, and no failover starts for it.',
    remedy: rejoin(input, topology, loss),
  };
}

function ownsSlots({ lines }: { readonly lines: Topology['strangers'][number]['lines'] }): boolean {
  return lines.some(({ slots }) => slots.length > 0);
}

/**
 * First a replica of the lost id takes its slots over, then the nodes forget the id, and the node starts
 * empty: its old data is moved aside, never deleted.
 */
function rejoin(
  { inventory }: CheckInput,
  topology: Topology,
  { node, member, strangers }: IdentityLoss,
): readonly string[] {
  const heirs = strangers.filter(ownsSlots).flatMap(({ nodeId }) => {
    const replicas = topology.members.filter(({ masterId, view }) => masterId === nodeId && view);
    return heirOf({ number: 0, master: member, replicas }) ?? [];
  });
  const keys = member.view?.keys ?? 0;
  if (keys > 0 && heirs.length === 0 && strangers.some(ownsSlots)) return keepCopy(inventory, node, { keys });
  const pid = processIdOf(member.view?.info ?? {});
  const aside = moveAside(inventory, node, { pid, suffix: `aside-${member.nodeId.slice(0, 8)}` });
  // A FORGET that is refused must not be followed by the rest, whatever operators the rest has.
  const replace = [
    ...strangers.map(({ nodeId }) => call(inventory, 'all', 'CLUSTER', 'FORGET', nodeId)),
    `{ ${aside}; }`,
  ];
  return [
    ...heirs.map((heir) => redisCli(inventory, heir.node.id, promote)),
    replace.join(' && '),
    ours(inventory, 'provision'),
  ];
}

/** Nobody serves its slots, and no other node is seen to have its keys: its folder is not to be moved. */
function keepCopy(inventory: Inventory, node: Node, { keys }: { readonly keys: number }): readonly string[] {
  const folder = dataDirectoryOf(inventory, node);
  return [
    byHand(
      `${node.id} holds ${count(keys, 'key')} of slots that no node serves: copy ${folder} on ${node.host} to a safe place first`,
    ),
    byHand(
      `then stop ${node.id}, put its former nodes.conf back into ${folder} from a backup, and run ${ours(inventory, 'start')}`,
    ),
  ];
}

/**
 * `failover` knows no master under an id that nobody answers for; the others vote for its replica all the
 * same.
 */
function promote({ address, port }: { readonly address: string; readonly port: number }): string {
  const client = `redis-cli -h ${address} -p ${port}`;
  return `${client} CLUSTER FAILOVER FORCE && until ${client} ROLE | grep -q ^master; do sleep 0.2; done`;
}
