import { formatBytes } from '../../base/bytes.ts';
import type { NodeLayout } from '../../render/layout.ts';
import type { FolderContents } from '../facts.ts';
import { dateOf, describeCopy, storedCopy } from './copy.ts';
import {
  isNameless,
  judgeForeign,
  judgeHeader,
  judgeLeftBehind,
  judgeNoIdentity,
  judgeReset,
  judgeTwins,
} from './identity.ts';
import { judgeNames } from './names.ts';
import { judgeOwner, ownsByDisk, unknownReplicas } from './owner.ts';
import type { StartQuestion, StartReason } from './question.ts';
import { filesTooNew } from './rdb-versions.ts';
import {
  appendOnlyContent,
  appendOnlyIsNewer,
  certainlyHasKeys,
  dumpContent,
  persistenceOf,
} from './reads.ts';

/**
 * Why the node must not be started as it is; empty when it may. `isOverride`: by its disk alone it would not,
 * and the unit's own guard, which sees no more than that, has to be told that it may.
 */
export function judgeStart(question: StartQuestion): {
  readonly reasons: readonly StartReason[];
  readonly isOverride: boolean;
  /** What could not be seen of its replicas, a sentence each: no reason against the start. */
  readonly doubts: readonly string[];
} {
  const { data, layout, word } = question;
  const { folder } = data;
  const identity = [
    ...judgeNames(question),
    ...judgeHeader(question),
    ...judgeTwins(question),
    ...judgeForeign(question),
    ...judgeReset(question),
    ...judgeNoIdentity(question),
    ...judgeLeftBehind(question),
  ];
  if (folder.kind === 'unreadable')
    return { reasons: [...identity, unreadable(layout, folder.path)], isOverride: false, doubts: [] };
  if (folder.kind === 'absent') {
    const lost = word.ownsSlots === true ? judgeOwner(question, emptyFolder) : [];
    return { reasons: [...identity, ...lost], isOverride: false, doubts: [] };
  }
  const unread = [...judgeVersion(question, folder), ...judgeUnread(question, folder)];
  const emptied = judgeEmptied(question, folder);
  const owner = judgeOwner(question, folder);
  // Where a replica answers it has what is newest, whatever lies here.
  const hasAnswer = word.replicas.some(({ keys }) => (keys ?? 0) > 0);
  const lost = unread.length > 0 && !(hasAnswer && owner.length > 0) ? unread : owner;
  const reasons = [...identity, ...(word.isExpendable ? emptied : lost)];
  // Without append-only files the guard waits for a replica to take over.
  const isDelayed = !persistenceOf(question.directives).appendOnly;
  const isSuspect =
    unread.length > 0 ||
    isNameless(folder) ||
    (ownsByDisk(folder) && (isDelayed || readsNothing(question, folder)));
  const doubts = reasons.length === 0 && !word.isExpendable ? unknownReplicas(question, folder) : [];
  return { reasons, isOverride: isSuspect && reasons.length === 0, doubts };
}

const emptyFolder: FolderContents = {
  kind: 'read',
  isWritable: true,
  identity: { kind: 'none' },
  dump: undefined,
  single: undefined,
  appendOnly: undefined,
};

const unreadable = ({ node, dataDirectory }: NodeLayout, path: string): StartReason => ({
  message: `${node.id}: ${path} cannot be read by the server's user, so what a start would find is not known`,
  hints: [
    `If files in ${dataDirectory} belong to another user, run weedgo-redis provision: it gives them to the server.`,
    `Else look at its owner and mode: ls -la ${path === dataDirectory ? path : `${dataDirectory} ${path}`}`,
  ],
});

function judgeVersion({ layout, server }: StartQuestion, folder: FolderContents): readonly StartReason[] {
  const files = filesTooNew(server, folder);
  if (files.length === 0) return [];
  return [
    {
      message: `${layout.node.id}: ${layout.dataDirectory} was written by a newer server than ${server.kind}-server ${server.version ?? ''}: ${files.join('; ')}`,
      hints: ['Install the server that wrote it. There is no way back to an older one with the same files.'],
    },
  ];
}

/**
 * Data lies there that the configuration does not read: the server would start without it and overwrite it.
 */
export function judgeUnread(question: StartQuestion, folder: FolderContents): readonly StartReason[] {
  const { layout, directives, server } = question;
  const isOn = persistenceOf(directives).appendOnly;
  const files = appendOnlyContent(folder, server.version);
  if (folder.unnamed) return [unnamedFiles(layout, folder.unnamed)];
  if (isOn && files !== 'data' && dumpContent(folder) === 'data') {
    const { size = 0, modified = 0 } = folder.dump ?? {};
    const why = `with appendonly yes the server reads append-only files only, and ${files === 'nothing' ? 'there are none' : 'those have no key'}`;
    return [
      {
        message: `${layout.node.id}: ${why}: dump.rdb (${formatBytes(size)}, ${dateOf(modified)}) would not be read, and be overwritten`,
        shared: `${why}: dump.rdb would not be read, and be overwritten`,
        hints: files === 'empty' ? restoredOrOld(question) : otherWay('no', 'dump.rdb'),
      },
    ];
  }
  if (!isOn && files === 'data' && appendOnlyIsNewer(folder)) {
    return [
      {
        message: `${layout.node.id}: with appendonly no the server reads dump.rdb only, and the append-only files in ${layout.dataDirectory} hold what was written after it: that would be lost`,
        shared:
          'with appendonly no the server reads dump.rdb only, and append-only files hold what was written after it: that would be lost',
        hints: otherWay('yes', 'the append-only files'),
      },
    ];
  }
  return [];
}

/** Lines for root on the node's host that move files of its data folder away. */
const moveAway = ({ dataDirectory }: NodeLayout, ...names: readonly string[]): string =>
  names.map((name) => `mv ${dataDirectory}/${name} ${dataDirectory}/${name}.aside`).join('; ');

/**
 * Who put dump.rdb next to files without a key is not known: a backup that was restored, or keys that were
 * deleted.
 */
const restoredOrOld = ({ layout, host }: StartQuestion): readonly string[] => [
  `If dump.rdb was restored from a backup, on ${host}: ${moveAway(layout, 'appendonlydir')}`,
  ...otherWay('no', 'dump.rdb'),
  `If its keys were deleted on purpose, on ${host}: ${moveAway(layout, 'dump.rdb')}; then run the same command again.`,
];

function unnamedFiles(layout: NodeLayout, names: readonly string[]): StartReason {
  const folder = `${layout.dataDirectory}/appendonlydir`;
  return {
    message: `${layout.node.id}: ${folder} holds ${names.slice(0, 5).join(', ')}, and no manifest names them: the server would start without them, and write over them`,
    shared: 'append-only files are there that no manifest names: the server would start without them',
    hints: [
      `Bring the right ${folder}/appendonly.aof.manifest back. It has a line for each file, the base first: file NAME seq NUMBER type b, then file NAME seq NUMBER type i.`,
      `If they are of no use: ${moveAway(layout, 'appendonlydir')}; then run the same command again.`,
    ],
  };
}

/** A replica that still has data, and a master that answers without a key: the replica would copy that. */
function judgeEmptied(question: StartQuestion, folder: FolderContents): readonly StartReason[] {
  const { layout, host, word, directives, server } = question;
  const own = storedCopy(folder, persistenceOf(directives).appendOnly, server.version);
  if (word.emptyMaster === undefined || !certainlyHasKeys(folder)) return [];
  return [
    {
      message: `${layout.node.id} has data on its disk (${describeCopy(own)}), and its master ${word.emptyMaster} answers without a key: the replica would copy that, and lose its own`,
      hints: [
        `If the data of ${layout.node.id} is the right one: stop the process of ${word.emptyMaster} on its host, then run weedgo-redis start. It starts the replica first, and prints the takeover.`,
        `If the keys were deleted on purpose, on ${host}: ${moveAway(layout, own.kind === 'snapshot' ? 'dump.rdb' : 'appendonlydir')}; then run the same command again.`,
      ],
    },
  ];
}

/** What works by hand, in this order, whatever the inventory says now. */
const otherWay = (value: string, what: string): readonly string[] => [
  `Write \`appendonly: ${value}\` under \`config\` in the inventory, then: weedgo-redis provision`,
  `It starts from ${what}. After that, write the value that you want and provision again: it is changed while the nodes run.`,
];

function readsNothing({ directives, server }: StartQuestion, folder: FolderContents): boolean {
  const isOn = persistenceOf(directives).appendOnly;
  return (isOn ? appendOnlyContent(folder, server.version) : dumpContent(folder)) === 'nothing';
}
