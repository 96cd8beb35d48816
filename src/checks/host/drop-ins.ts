import type { UnitState } from '../../host/facts.ts';
import type { Check, Finding } from '../check.ts';
import type { CheckInput } from '../input.ts';
import { byHand, onHost, ours } from '../remedy.ts';
import { titled } from '../shared.ts';
import { joinNames, numberOf } from '../text.ts';
import type { Topology } from '../topology.ts';
import { type NodeUnit, nodeUnits } from './unit-walk.ts';

/** What systemctl edit and set-property change of the unit, where that breaks what the unit promises. */
export const dropIns: Check = {
  name: 'drop-ins',
  section: 'host',
  run: (input, topology) =>
    nodeUnits(input).flatMap(({ state: { dropIns: found }, ...subject }) =>
      found ? judge(input, topology, { ...subject, dropIns: found }) : [],
    ),
};

type Subject = Pick<NodeUnit, 'node' | 'host'> & {
  readonly dropIns: NonNullable<UnitState['dropIns']>;
};

function judge({ inventory }: CheckInput, topology: Topology, subject: Subject): readonly Finding[] {
  const { node, host, dropIns: found } = subject;
  const changed = overrides(subject, topology);
  if (changed.length === 0) return [];
  return [
    {
      id: 'WR-UNIT-OVERRIDDEN',
      severity: 'warning',
      ...titled(node, '{} {has|have} a drop-in that takes away what {its|their} unit promises'),
      nodes: [node],
      hosts: [host],
      seen: `${joinNames(found.files)}: ${changed.map(({ name, value }) => `${name}=${value}`).join(', ')}`,
      expected: changed.map(({ name, wanted }) => `${name}=${wanted}`).join(', '),
      why: changed.map(({ why }) => why).join(' '),
      remedy: [
        byHand(
          `on ${host}, take ${joinNames(changed.map(({ name }) => name))} out of ${joinNames(found.files)}`,
        ),
        onHost(inventory, host, 'systemctl daemon-reload'),
        ours(inventory, 'restart', node),
      ],
      // maxclients follows from the limit of open files when the server starts.
      explains: [{ ids: ['WR-CONFIG-LIVE', 'WR-FILE-LIMIT'], nodes: [node] }],
    },
  ];
}

/**
 * One thing that the unit promises; `breaks`: what holds is less than that. More is the operator's business.
 */
type UnitPromise = {
  readonly name: string;
  /** As systemctl show calls it. */
  readonly property: string;
  readonly wanted: string;
  readonly breaks: (value: string, needed: { readonly memory: number }) => boolean;
  readonly why: string;
};

/** Buffers, fragmentation and a fork's copies come on top of maxmemory. */
const memoryShare = 1.1;

const promises: readonly UnitPromise[] = [
  {
    name: 'Restart',
    property: 'Restart',
    wanted: 'always',
    breaks: (value) => value !== 'always',
    why: 'A node that crashes stays down.',
  },
  {
    name: 'TimeoutStartSec',
    property: 'TimeoutStartUSec',
    wanted: 'infinity',
    breaks: (value) => value !== 'infinity',
    why: 'A start that takes longer to load its data is cut off and begins again, without an end.',
  },
  {
    name: 'LimitNOFILE',
    property: 'LimitNOFILE',
    wanted: '65536',
    breaks: (value) => Number(value) < 65_536,
    why: 'Redis lowers maxclients to what the limit of open files allows.',
  },
  {
    name: 'MemoryMax',
    property: 'MemoryMax',
    wanted: 'infinity',
    breaks: (value, { memory }) => memory > 0 && Number(value) < memory * memoryShare,
    why: 'The kernel kills the server before it reaches maxmemory.',
  },
];

type Override = Pick<UnitPromise, 'name' | 'wanted' | 'why'> & { readonly value: string };

function overrides({ node, dropIns: { effective } }: Subject, { reachable }: Topology): readonly Override[] {
  const info = reachable.find((view) => view.node === node)?.info ?? {};
  const memory = numberOf(info, 'maxmemory') ?? 0;
  return promises.flatMap(({ name, property, wanted, breaks, why }) => {
    const value = effective[property] ?? '';
    // A systemd that does not know the property says nothing of it.
    return value !== '' && breaks(value, { memory }) ? [{ name, wanted, why, value }] : [];
  });
}
