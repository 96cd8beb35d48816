import type { FolderContents } from '../facts.ts';
import { dateOf } from './copy.ts';
import type { StartQuestion, StartReason } from './question.ts';
import type { PeersWord, ReplicaWord } from './word.ts';

/** A snapshot is as old as its save: what was written since then only the replicas have. */
export function judgeSnapshot(
  { layout, word }: StartQuestion,
  folder: FolderContents,
): readonly StartReason[] {
  const ahead = aheadOf(folder, word);
  const [first] = ahead;
  if (!first) return [];
  const told = ahead.map(({ node, keys }) => `${node} has ${keys ?? 0} keys`).join('; ');
  const saved = dateOf(folder.dump?.modified ?? 0);
  return [
    {
      message: `${layout.node.id} is the master of its slots, and its dump.rdb (${saved}) may lack what was written later: its replicas would copy that, and lose those writes (${told})`,
      heir: first.node,
      hints: takeOver(first.node),
    },
  ];
}

/** The safe way where a replica has what would be lost. */
export const takeOver = (replica: string): readonly string[] => [
  `First let the replica take over: weedgo-redis failover --to ${replica} --force`,
  'Then run the same command again.',
];

/**
 * Replicas that answer and have writes which a snapshot lacks, or may: where the snapshot does not say which
 * stream it is of, or names another one, it may be of any age. Only a server that saves as it ends has a
 * snapshot with everything.
 */
const aheadOf = ({ dump }: FolderContents, { replicas }: PeersWord): readonly ReplicaWord[] =>
  replicas.filter(({ keys = 0, copy }) => {
    if (keys === 0 || !copy) return false;
    const position = dump?.format.kind === 'rdb' ? dump.format.position : undefined;
    return !position || !copy.streams.includes(position.id) || copy.offset > position.offset;
  });
