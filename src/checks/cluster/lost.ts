import { describeRanges } from '../../cluster/slots.ts';
import type { Check, Finding, FindingId } from '../check.ts';
import type { CheckInput } from '../input.ts';
import { judgeLoss, lostShards, type LossScene } from '../lost-shard.ts';
import { byHand, ours } from '../remedy.ts';
import { joinNames } from '../text.ts';

/** No shard has lost all copies of its data. */
export const lost: Check = {
  name: 'every shard has its data',
  section: 'cluster',
  cluster: true,
  run: (input) => {
    const numbers = lostShards(sceneOf(input));
    return numbers.length === 0 ? [] : [gone(input, numbers)];
  },
};

const sceneOf = ({ inventory, view, hosts }: CheckInput): LossScene => ({
  inventory,
  view,
  factsOf: (name) => {
    const host = hosts[name];
    return host?.reachable ? host.facts : undefined;
  },
});

/** The slots of the shards whose data is gone. */
export function lostSlots(input: CheckInput) {
  const scene = sceneOf(input);
  return judgeLoss(scene, lostShards(scene)).lost.slots;
}

function gone(input: CheckInput, numbers: readonly number[]): Finding {
  const { inventory } = input;
  const { lost: what, evidence } = judgeLoss(sceneOf(input), numbers);
  const nodes = inventory.nodes.filter(({ shard }) => numbers.includes(shard)).map(({ id }) => id);
  const named = `shard ${joinNames(numbers.map(String))}`;
  return {
    id: 'WR-SHARD-LOST',
    severity: 'critical',
    title: `${named} is lost: none of its nodes has its data`,
    nodes,
    hosts: [],
    seen: [`slots ${describeRanges(what.slots)} are not served`, ...evidence].join('; '),
    expected: 'a node that has the data of the shard',
    why: 'Its keys are gone unless a disk or a backup still has them, and until the shard starts again nothing is served there.',
    remedy: [
      byHand(
        `if a disk is only not mounted, or there is a backup of a data folder: bring it back, then start`,
      ),
      byHand(
        `else the keys of ${named} are lost. This starts it without them, and asks for its name: ${ours(inventory, 'provision', '--lost-shard', numbers.join(','))}`,
      ),
    ],
    explains: [{ ids: aboutNodes, nodes }, { ids: aboutCluster }],
  };
}

const aboutNodes: readonly FindingId[] = [
  'WR-NODE-DOWN',
  'WR-NODE-UNASKED',
  'WR-NODE-ALONE',
  'WR-NODE-FORGOTTEN',
  'WR-NODE-IDENTITY',
  'WR-MASTER-EMPTY',
  'WR-START-UNSAFE',
  'WR-SLOTS-UNSERVED',
  'WR-REPLICAS-MISSING',
];

const aboutCluster: readonly FindingId[] = ['WR-STATE-FAIL', 'WR-SHARDS-DIFFER', 'WR-INCOMPLETE'];
