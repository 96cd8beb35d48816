import type { ReachableView } from '../../cluster/view.ts';
import { isBaseComplete, isFirstRewrite } from '../../host/start/reads.ts';
import { findNode } from '../../inventory/topology.ts';
import type { Check, Finding } from '../check.ts';
import type { CheckInput } from '../input.ts';
import { byHand, call, ours } from '../remedy.ts';
import { titled } from '../shared.ts';

/** What a node holds is on its disk, in the form that its next start reads. */
export const kept: Check = {
  name: 'data kept on disk',
  section: 'persistence',
  run: (input, { reachable }) =>
    reachable.flatMap((view) => [...nothingKept(input, view), ...baseMissing(input, view)]),
};

function nothingKept({ inventory }: CheckInput, { node, config }: ReachableView): readonly Finding[] {
  if (config['appendonly'] !== 'no' || config['save'] !== '') return [];
  const isCache = config['maxmemory-policy']?.startsWith('allkeys-') === true;
  return [
    {
      id: 'WR-PERSISTENCE-OFF',
      severity: isCache ? 'info' : 'warning',
      ...titled(node, '{} {keeps|keep} nothing on disk'),
      nodes: [node],
      hosts: [],
      seen: 'appendonly no, save ""',
      expected: 'an append-only file or snapshots, unless every key can be lost',
      why: 'A crash loses what no replica has, and `stop`, or a power loss of all hosts, loses every key.',
      remedy: [
        byHand('where keys matter, take appendonly and save out of config in the inventory; then'),
        ours(inventory, 'provision'),
      ],
    },
  ];
}

function baseMissing(input: CheckInput, { node, info, config }: ReachableView): readonly Finding[] {
  const host = input.hosts[findNode(input.inventory, node)?.host ?? ''];
  const facts = host?.reachable === true ? host.facts : undefined;
  const folder = facts?.data[node]?.folder;
  if (config['appendonly'] !== 'yes' || folder?.kind !== 'read') return [];
  // The server that runs may be older than the one that is installed by now.
  const isFirst = isFirstRewrite(folder, info);
  if (!isFirst && isBaseComplete(folder, info['redis_version'])) return [];
  const isWriting = info['aof_rewrite_in_progress'] === '1' || info['aof_rewrite_scheduled'] === '1';
  return [
    {
      id: 'WR-AOF-UNFINISHED',
      severity: isWriting ? 'warning' : 'critical',
      ...titled(node, '{} {has|have} no complete append-only file'),
      nodes: [node],
      hosts: [],
      seen: isWriting
        ? 'appendonly yes; the first rewrite is not finished'
        : 'appendonly yes; no manifest names a base file that is there',
      expected: 'a base file that holds everything that was written before it',
      why: 'After a crash the node would not find what it holds now.',
      passing: true,
      remedy: isWriting ? [] : [call(input.inventory, node, 'BGREWRITEAOF')],
    },
  ];
}
