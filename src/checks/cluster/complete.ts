import { listMissing } from '../../cluster/missing.ts';
import { planForm } from '../../cluster/plan.ts';
import { describeClusterStep } from '../../cluster/step.ts';
import type { Check, Finding, FindingId } from '../check.ts';
import type { CheckInput } from '../input.ts';
import { ours } from '../remedy.ts';

/**
 * `provision` and `verify` share one idea of a complete cluster: whatever keeps provision from saying that it
 * is done is a finding. Mostly another check says it better, and this one is left out.
 */
export const complete: Check = {
  name: 'cluster is complete',
  section: 'cluster',
  cluster: true,
  run: (input) => {
    const lacking = whatLacks(input);
    return [...new Set(lacking.map(({ node }) => node))].map((node) =>
      incomplete(
        input,
        node,
        lacking.filter((each) => each.node === node),
      ),
    );
  },
};

type Lack = { readonly node: string; readonly peer?: string; readonly message: string };

function whatLacks({ inventory, view }: CheckInput): readonly Lack[] {
  const { refusals, steps } = planForm(inventory, view);
  return [
    ...listMissing(inventory, view),
    ...refusals.map(({ node, reason }) => ({ node, message: reason })),
    ...steps
      .filter(({ kind }) => kind !== 'set-temporarily')
      .map((step) => ({ node: step.node, message: `still to do: ${describeClusterStep(step)}` })),
  ];
}

/** More than these says nothing new. */
const mostMessages = 4;

function incomplete({ inventory }: CheckInput, node: string, lacking: readonly Lack[]): Finding {
  const messages = lacking.map(({ message }) => message);
  const more = messages.length - mostMessages;
  return {
    id: 'WR-INCOMPLETE',
    severity: 'warning',
    title: messages[0] ?? '',
    nodes: [node],
    hosts: [],
    seen: [...messages.slice(0, mostMessages), ...(more > 0 ? [`and ${more} more`] : [])].join('; '),
    expected: 'a cluster that provision takes for complete',
    why: 'Until then provision does not end with success, and the cluster is not what the inventory says.',
    remedy: [ours(inventory, 'provision')],
    passing: true,
    dueTo: [
      { ids: aboutNodes, nodes: [node, ...lacking.flatMap(({ peer }) => peer ?? [])] },
      { ids: aboutCluster },
    ],
    backstop: true,
  };
}

const aboutNodes: readonly FindingId[] = [
  'WR-NODE-UNASKED',
  'WR-NODE-ALONE',
  'WR-NODE-FORGOTTEN',
  'WR-NODE-IDENTITY',
  'WR-BUS-LINK',
  'WR-BUS-UNREACHABLE',
  'WR-MASTER-EMPTY',
  'WR-MASTERAUTH',
  'WR-REPLICA-LINK-DOWN',
  'WR-REPLICA-SYNCING',
  'WR-DISK-FULL',
  'WR-DATA-READ-ONLY',
];

const aboutCluster: readonly FindingId[] = [
  'WR-CLUSTER-NOT-FORMED',
  'WR-NODE-ID-TWICE',
  'WR-NODE-IDENTITY',
  'WR-NODE-UNKNOWN',
  'WR-NODE-HANDSHAKE',
  'WR-NODES-DISAGREE',
  'WR-SHARDS-DIFFER',
  'WR-SLOTS-TWICE',
  'WR-SLOTS-UNCOVERED',
  'WR-STATE-FAIL',
];
