import type { FolderContents } from '../facts.ts';
import { compareCopies, describeCopy, type Standing, storedCopy, type StoredCopy } from './copy.ts';
import type { StartQuestion, StartReason } from './question.ts';
import { dumpContent, persistenceOf } from './reads.ts';
import { judgeSnapshot, takeOver } from './snapshot.ts';
import type { ReplicaDisk, ReplicaWord } from './word.ts';

export const ownsByDisk = ({ identity }: FolderContents): boolean =>
  identity.kind === 'known' && identity.ownsSlots;

/**
 * A master of slots that would come back with less than a replica has: its replicas copy that, and lose
 * theirs.
 */
export function judgeOwner(question: StartQuestion, folder: FolderContents): readonly StartReason[] {
  const { directives, word } = question;
  if (!(word.ownsSlots ?? ownsByDisk(folder))) return [];
  const own = ownCopy(question, folder);
  const alive =
    own.content !== 'data'
      ? judgeEmpty(question, own)
      : persistenceOf(directives).appendOnly
        ? []
        : judgeSnapshot(question, folder);
  return alive.length > 0 ? alive : judgeDisks(question, own);
}

function ownCopy({ directives, server }: StartQuestion, folder: FolderContents): StoredCopy {
  return storedCopy(folder, persistenceOf(directives).appendOnly, server.version);
}

/** Nothing is known of what is on these replicas' disks, and something may be. */
const isUnknown = ({ keys, disk }: ReplicaWord): boolean => keys === undefined && !disk;

function judgeEmpty(question: StartQuestion, own: StoredCopy): readonly StartReason[] {
  const { layout, word, host } = question;
  const nameless = word.replicas.find(({ isNameless }) => isNameless);
  if (own.content === 'nothing' && nameless?.disk)
    return [judgeNameless(question, nameless.node, nameless.disk)];
  const alive = word.replicas.filter(({ keys = 0, disk }) => keys > 0 && !disk);
  const isOnDisk = word.replicas.some(({ disk }) => disk?.copy.content === 'data');
  const unknown = own.content === 'nothing' && !isOnDisk ? word.replicas.filter(isUnknown) : [];
  const holders = [...alive, ...unknown];
  if (holders.length === 0) return own.kind === 'append-only' && !isOnDisk ? judgeGone(question, own) : [];
  const told = holders.map(({ node, keys }) =>
    keys === undefined ? `${node} may have them` : `${node} has ${keys} keys`,
  );
  const [heir] = alive;
  return [
    {
      message: `${layout.node.id} is the master of its slots, and ${layout.dataDirectory} holds nothing that it would read: it would start empty, and its replicas would copy that (${told.join('; ')})`,
      ...(heir && { heir: heir.node }),
      hints: heir
        ? takeOver(heir.node)
        : [
            `Bring ${layout.dataDirectory} back (is a disk not mounted?). If its data is gone, on ${host}: mv ${layout.dataDirectory} ${layout.dataDirectory}.aside`,
            'Then: weedgo-redis provision. The node starts as a new one, and a replica takes over its slots.',
          ],
    },
  ];
}

/** The only copy that is seen lies with a node that would start as a stranger: its files are brought over. */
function judgeNameless(
  { layout, host }: StartQuestion,
  node: string,
  { copy, host: other, dataDirectory }: ReplicaDisk,
): StartReason {
  const names = copy.kind === 'snapshot' ? 'dump.rdb' : 'appendonlydir';
  return {
    message: `${layout.node.id} is the master of its slots, and ${layout.dataDirectory} holds nothing that it would read; ${node} of its shard has data (${describeCopy(copy)}), and no nodes.conf that says whose`,
    hints: [
      `Bring ${layout.dataDirectory} back, or the nodes.conf of ${node}, and run the same command again.`,
      `If neither can be had: copy ${names} from ${dataDirectory} on ${other} into ${layout.dataDirectory} on ${host}, then: weedgo-redis start`,
    ],
  };
}

/**
 * A server with append-only files has them from its first start on: a master of slots without any has lost
 * them, and nobody else is seen to have its keys.
 */
function judgeGone(
  { layout, word, data: { folder } }: StartQuestion,
  { content }: StoredCopy,
): readonly StartReason[] {
  if (content !== 'nothing' || word.isLost === true) return [];
  // A snapshot without a key, or a replica without one, shows that there was none to lose.
  const hadNone = folder.kind === 'read' && dumpContent(folder) === 'empty';
  if (hadNone || word.replicas.some(({ keys }) => keys === 0)) return [];
  const { id, shard } = layout.node;
  return [
    {
      message: `${id} is the master of its slots, and ${layout.dataDirectory} holds nothing that it would read: its keys are gone, and no other node has them`,
      hints: [
        `Bring ${layout.dataDirectory} back: a disk may not be mounted, or a backup have it.`,
        `If they are lost for good, this starts the shard without them: weedgo-redis provision --lost-shard ${shard}`,
      ],
    },
  ];
}

type Other = { readonly replica: ReplicaWord; readonly disk: ReplicaDisk; readonly standing: Standing };

/**
 * Where nobody has been in sync since the last start, the disks alone show who has what. Append-only files do
 * not say how far they go: those of a replica that was in sync show whether the master's are from a backup.
 */
function judgeDisks({ layout, word }: StartQuestion, own: StoredCopy): readonly StartReason[] {
  const isDated = own.kind === 'append-only' && own.content === 'data';
  const others = word.replicas.flatMap((replica): readonly Other[] => {
    const disk = (replica.isNameless ? undefined : replica.disk) ?? (isDated ? replica.files : undefined);
    return disk ? [{ replica, disk, standing: compareCopies(own, disk.copy) }] : [];
  });
  const ahead = others.filter(({ standing }) => standing !== 'level');
  const [heir] = ahead.toSorted((one, other) => -compare(one, other));
  if (!heir) return [];
  const { node, keys } = heir.replica;
  const isSure = ahead.some(({ standing }) => standing === 'behind');
  const there = ahead.map(({ replica, disk }) => `${describeCopy(disk.copy)} on ${replica.node}`).join(', ');
  const otherWays = [
    ...(own.content === 'nothing'
      ? [`If a disk is not mounted at ${layout.dataDirectory}, mount it and run the same command again.`]
      : []),
    ...(isSure ? [] : [keepOwn(layout.node.id, heir)]),
  ];
  return [
    {
      message: `${layout.node.id} is the master of its slots, and its replica ${node} ${isSure ? 'has' : 'may have'} newer data on its disk: ${describeCopy(own)} here, ${there}. Started first, the master would have the replica copy what is here`,
      heir: node,
      ...(keys === undefined && { isHeirDown: true }),
      otherWays,
      hints: [
        ...(keys === undefined ? ['Start the other nodes: weedgo-redis start'] : []),
        ...takeOver(node),
        ...otherWays,
      ],
    },
  ];
}

/** The newer of two copies last: by offset where they are of one stream, else by time. */
function compare({ disk: { copy: one } }: Other, { disk: { copy: other } }: Other): number {
  const [mine, its] = [one.position, other.position];
  if (mine && its && mine.id === its.id) return mine.offset - its.offset;
  return (one.time ?? 0) - (other.time ?? 0);
}

/** Nothing is deleted. A replica that runs gives up what it has in its memory for a copy of its master's. */
function keepOwn(master: string, { disk: { copy, host, dataDirectory } }: Other): string {
  const names = copy.kind === 'snapshot' ? ['dump.rdb'] : ['appendonlydir', 'dump.rdb'];
  const moves = names.map((name) => `mv ${dataDirectory}/${name} ${dataDirectory}/${name}.aside`).join('; ');
  return `If the data of ${master} is the right one, move the replica's aside instead, on ${host}: ${moves}`;
}

/**
 * Replicas of which could not be seen what they have, where the master's copy does not say that it has
 * everything.
 */
export function unknownReplicas(question: StartQuestion, folder: FolderContents): readonly string[] {
  const { layout, word, directives } = question;
  if (!(word.ownsSlots ?? ownsByDisk(folder))) return [];
  const own = ownCopy(question, folder);
  if (persistenceOf(directives).appendOnly && own.content === 'data') return [];
  const names = word.replicas.filter(isUnknown).map(({ node }) => node);
  if (names.length === 0) return [];
  return [
    `${layout.node.id} starts as the master of its slots with ${describeCopy(own)}; it is not known whether ${names.join(', ')} ${names.length === 1 ? 'has' : 'have'} newer data, which would be lost: the disk there cannot be read`,
  ];
}

/**
 * By its nodes.conf a replica, and nothing on its disk that it would read: it starts without its master's
 * keys.
 */
export function isBareReplica(question: StartQuestion | undefined): boolean {
  const folder = question?.data.folder;
  if (!question || folder?.kind !== 'read' || folder.identity.kind !== 'known') return false;
  return folder.identity.masterId !== undefined && ownCopy(question, folder).content !== 'data';
}
