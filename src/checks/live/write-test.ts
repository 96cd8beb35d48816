import type { Check, Finding, FindingId } from '../check.ts';
import type { WriteTestResult } from '../probe.ts';
import { ours } from '../remedy.ts';
import { joinNames } from '../text.ts';

/** What the write test met: a key a shard, written, replicated, read everywhere, removed. */
export const writeTest: Check = {
  name: 'write test',
  section: 'live',
  cluster: true,
  run: ({ inventory, writeTest: results }) => {
    if (results === undefined) return [];
    const look = ours(inventory, 'verify');
    if (results.length === 0) return [impossible(look)];
    return results.flatMap((result) => [...failed(result, look), ...unreplicated(result, look)]);
  },
};

function impossible(look: string): Finding {
  return {
    id: 'WR-WRITE-FAILED',
    severity: 'critical',
    title: 'no shard could be written to',
    nodes: [],
    hosts: [],
    seen: 'no master owns slots, so there is nowhere to write a key',
    expected: 'a key written to, read from and removed from every shard',
    why: 'Applications see the same error.',
    remedy: [look],
  };
}

function failed({ shard, master, error, removed }: WriteTestResult, look: string): readonly Finding[] {
  if (error === undefined && removed) return [];
  return [
    {
      id: 'WR-WRITE-FAILED',
      severity: 'critical',
      title: `${shard} did not take, return and remove a key`,
      nodes: [master],
      hosts: [],
      seen: error ?? 'the key could not be removed; it expires within a minute',
      expected: 'a key written, read and removed',
      why: 'Applications see the same error.',
      remedy: [look],
      dueTo: [
        { ids: ['WR-NODE-UNASKED'], nodes: [master] },
        ...Object.entries(refusals).flatMap(([word, ids]) =>
          error?.startsWith(word) === true ? [{ ids, nodes: [master] }] : [],
        ),
        ...(error?.startsWith('CLUSTERDOWN') === true ? [{ ids: clusterDown }] : []),
      ],
    },
  ];
}

function unreplicated(result: WriteTestResult, look: string): readonly Finding[] {
  const { shard, replicas, acknowledged, readFrom, error, master } = result;
  const unread = replicas.filter((replica) => !readFrom.includes(replica));
  if (error !== undefined || (acknowledged >= replicas.length && unread.length === 0)) return [];
  return [
    {
      id: 'WR-WRITE-UNREPLICATED',
      severity: 'critical',
      title: `a write to ${shard} did not reach ${unread.length > 0 ? joinNames(unread) : 'every replica'}`,
      nodes: [master, ...unread],
      hosts: [],
      seen: `${acknowledged} of ${replicas.length} replicas acknowledged it in time`,
      expected: 'every replica has it within a second',
      why: 'A failover now would lose writes that were acknowledged to clients.',
      remedy: [look],
      dueTo: [{ ids: replicaFaults, nodes: unread }],
    },
  ];
}

/** Why the master itself refuses a write, by the first word of its error. */
const refusals: Readonly<Record<string, readonly FindingId[]>> = {
  OOM: ['WR-MEMORY-FULL'],
  MISCONF: ['WR-DISK-FULL', 'WR-DATA-READ-ONLY', 'WR-AOF-WRITE-FAILED', 'WR-RDB-FAILED'],
};

const clusterDown: readonly FindingId[] = [
  'WR-SLOTS-UNCOVERED',
  'WR-MAJORITY-LOST',
  'WR-SHARD-LOST',
  'WR-STATE-FAIL',
];

/** Why a replica does not receive, or does not answer. */
const replicaFaults: readonly FindingId[] = [
  'WR-NODE-DOWN',
  'WR-NODE-SILENT',
  'WR-NODE-BUSY',
  'WR-NODE-AUTH',
  'WR-NODE-LOADING',
  'WR-NODE-ALONE',
  'WR-CLIENTS-FULL',
  'WR-REPLICA-LINK-DOWN',
  'WR-REPLICA-SYNCING',
  'WR-REPLICA-LAG',
  'WR-MASTERAUTH',
  'WR-DISK-FULL',
  'WR-DATA-READ-ONLY',
];
