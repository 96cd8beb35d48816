import { causeOf } from '../../host/diagnosis/cause.ts';
import type { FolderState } from '../../host/facts.ts';
import { startQuestion } from '../../host/planning/starts.ts';
import { judgeStart } from '../../host/start/judge.ts';
import type { StartReason } from '../../host/start/question.ts';
import type { Node } from '../../inventory/inventory.ts';
import { layoutOf } from '../../render/layout.ts';
import type { Check, Finding } from '../check.ts';
import { expectedData } from '../data-folder.ts';
import type { CheckInput } from '../input.ts';
import { byHand, ours } from '../remedy.ts';
import { titled } from '../shared.ts';
import { peersWords } from '../start-word.ts';
import { hasMajority, votersOf } from '../takeovers.ts';

/**
 * Nodes that are down and would lose data, or come back as another node, if they were started as they are.
 */
export const starts: Check = {
  name: 'safe to start',
  section: 'persistence',
  run: (input, topology) => {
    const { unreachable } = topology;
    const down = new Set(unreachable.flatMap(({ node, failure }) => (failure === 'refused' ? [node] : [])));
    // The others take some seconds to miss a master that is down.
    const masters = topology.shards.filter(({ master }) => master.slots.length > 0);
    const up = masters.filter(({ master }) => !down.has(master.node.id));
    const isMajority = hasMajority(votersOf(topology)) && up.length * 2 > masters.length;
    return input.inventory.nodes
      .filter(({ id }) => down.has(id))
      .flatMap((node) => unsafeStart(input, node, { isMajority }));
  },
};

type Votes = { readonly isMajority: boolean };

function unsafeStart(input: CheckInput, node: Node, votes: Votes): readonly Finding[] {
  const { inventory, hosts, view } = input;
  const seen = hosts[node.host];
  const host = inventory.hosts.find(({ name }) => name === node.host);
  if (!host || seen?.reachable !== true || seen.facts.processes[node.id] !== undefined) return [];
  const { facts } = seen;
  const all = Object.entries(hosts).flatMap(([name, each]) =>
    each.reachable ? [[name, each.facts] as const] : [],
  );
  const word = peersWords(inventory, { facts: new Map(all), view });
  const layouts = layoutOf(inventory, host).nodes;
  const question = startQuestion(
    { inventory, host, facts, layouts, word },
    node.id,
    ({ configFile }) => facts.files[configFile]?.content,
  );
  // Without a configuration it is not started but provisioned, and judged then.
  if (question?.onDisk === undefined) return [];
  const { reasons } = judgeStart(question);
  if (reasons.length === 0) return [];
  return [
    {
      id: 'WR-START-UNSAFE',
      severity: 'critical',
      ...titled(node.id, '{} {is|are} down, and must not be started as {it is|they are}'),
      nodes: [node.id],
      hosts: [],
      seen: reasons.map(({ message }) => message).join('; '),
      expected: 'a data folder that its configuration reads, and that no other node has',
      why: 'A start would overwrite the only copy of data that lies on a disk, here or on a replica.',
      remedy: reasons.flatMap((reason) => remedyFor(input, reason, { node, ...votes })),
      ...relation(input, node, { reasons, folder: question.data.folder }),
    },
  ];
}

type Judgement = { readonly reasons: readonly StartReason[]; readonly folder: FolderState };

/** The finding whose commands get the node out of this, where that is another one. */
function relation(
  input: CheckInput,
  node: Node,
  { reasons, folder }: Judgement,
): Pick<Finding, 'explains' | 'dueTo'> {
  const nodes = [node.id];
  const found = input.evidence[node.id];
  const cause = found && causeOf(found, node, expectedData(node.id, input))?.kind;
  // Started after the takeover it would end again: what is damaged is replaced by the heir's copy.
  const isDamaged = cause === 'aof' || cause === 'dump' || cause === 'nodes-conf';
  const isCovered = ({ heir, isHeirDown, isIdentity }: StartReason): boolean =>
    (heir !== undefined && !isHeirDown) || (isIdentity === true && cause === 'nodes-conf');
  if (isDamaged && reasons.every(isCovered)) return { dueTo: [{ ids: ['WR-NODE-DOWN'], nodes }] };
  // provision gives the files to the server, and judges the start when it can see what they are.
  const isClosed = folder.kind === 'unreadable' && reasons.length === 1;
  return {
    explains: [{ ids: ['WR-NODE-DOWN'], nodes }],
    ...(isClosed && { dueTo: [{ ids: ['WR-DATA-OWNER'], nodes }] }),
  };
}

/**
 * An heir that is down is started first: `start` leaves its master out, and prints the commands that follow.
 */
function remedyFor(
  { inventory }: CheckInput,
  { heir, isHeirDown, otherWays = [], hints }: StartReason,
  { node, isMajority }: Votes & { readonly node: Node },
): readonly string[] {
  if (heir === undefined) return hints.map(byHand);
  const failover = ['failover', '--to', heir];
  const takeOver = [
    ...(isMajority
      ? [ours(inventory, ...failover, '--force')]
      : [
          byHand(`no majority is left to prove that ${node.id} is dead: make sure that it is off`),
          ours(inventory, ...failover, '--takeover', '--confirm', `shard-${node.shard}`),
        ]),
    ours(inventory, 'start'),
  ];
  return [...(isHeirDown ? [ours(inventory, 'start')] : []), ...takeOver, ...otherWays.map(byHand)];
}
