import { parseHeader } from '../../render/header.ts';
import { formerPaths, type NodeLayout } from '../../render/layout.ts';
import type { FolderState, NodeData } from '../facts.ts';
import { storedCopy } from './copy.ts';
import type { StartQuestion, StartReason } from './question.ts';

/**
 * The header of its configuration names another node of the inventory, and its nodes.conf another place than
 * its own.
 */
export function judgeHeader({ layout, nodes, onDisk, data, host }: StartQuestion): readonly StartReason[] {
  const named = parseHeader(onDisk ?? '')?.node;
  if (named === undefined || named === layout.node.id || !nodes.includes(named)) return [];
  if (standsHere(data, layout)) return [];
  return [
    {
      message: `${layout.node.id}: ${layout.configFile} is the configuration of ${named}: this is a copy of that node's disk, or its disk on another host`,
      hints: [
        `Put the right disk into ${host}. To make a new node of it, as root on ${host} (or as yourself on this machine):`,
        `mv ${layout.configFile} ${layout.configFile}.aside; ${moveFolder(layout)}`,
      ],
    },
  ];
}

function standsHere({ folder }: NodeData, { node }: NodeLayout): boolean {
  if (folder.kind !== 'read' || folder.identity.kind !== 'known') return false;
  return folder.identity.port === node.port && folder.identity.ip === node.address;
}

/** Two servers with one node id: both serve its slots, and clients write to either. */
export function judgeTwins({ layout, word, host }: StartQuestion): readonly StartReason[] {
  const [twin] = word.twins;
  if (twin === undefined) return [];
  return [
    {
      message: `${layout.node.id}: nodes.conf in ${layout.dataDirectory} is that of ${twin}: both would run as one node, and writes to either would be lost`,
      hints: [
        `Look at both. If ${twin} is the real one, on ${host}: ${moveFolder(layout)}`,
        'Then: weedgo-redis provision. The node starts as a new one.',
      ],
    },
  ];
}

/** A folder that was copied from another cluster's node: it would look for the nodes that it knows. */
export function judgeForeign({
  layout,
  word,
  host,
  data: { folder },
}: StartQuestion): readonly StartReason[] {
  if (word.isForeign !== true || folder.kind !== 'read' || folder.identity.kind !== 'known') return [];
  const { id, peers } = folder.identity;
  return [
    {
      message: `${layout.node.id}: nodes.conf in ${layout.dataDirectory} is that of a node of another cluster: ${id}, which knows ${peers.length} others, none of them of this cluster. Started, it would join that one`,
      hints: [
        `Put the right folder there. If it is lost, on ${host}: ${moveFolder(layout)}`,
        'Then: weedgo-redis provision. The node starts as a new one.',
      ],
    },
  ];
}

/**
 * It knows no other node and owns nothing, as CLUSTER RESET leaves it: the server claims the slots of the
 * keys that it loads (cluster.c, verifyClusterConfigWithData), and nodes that know it believe the higher
 * epoch.
 */
export function judgeReset({ layout, host, data: { folder } }: StartQuestion): readonly StartReason[] {
  if (folder.kind !== 'read' || folder.identity.kind !== 'known') return [];
  const { id, masterId, ownsSlots, peers } = folder.identity;
  if (peers.length > 0 || ownsSlots || masterId !== undefined) return [];
  if (![true, false].some((isOn) => storedCopy(folder, isOn, undefined).content === 'data')) return [];
  return [
    {
      message: `${layout.node.id}: nodes.conf in ${layout.dataDirectory} knows no other node, as CLUSTER RESET leaves it, and there is data: started, it would claim the slots of its keys from the nodes that own them`,
      hints: [
        `Bring the nodes.conf of ${id} back. If it is lost, on ${host}: ${moveFolder(layout)}`,
        'Then: weedgo-redis verify. It prints how the node comes back as a new one.',
      ],
    },
  ];
}

/** The inventory names the other server now, and what the node had under the first stays behind. */
export function judgeLeftBehind({ data, layout, server, isMoved }: StartQuestion): readonly StartReason[] {
  if (data.leftBehind === undefined) return [];
  const former = formerPaths(server.kind, layout.node.port);
  if (data.leftBehind === former.dataDirectory)
    return isMoved === true ? [] : [leftInFormer(layout, former.dataDirectory)];
  if (data.folder.kind === 'read' && data.folder.identity.kind !== 'none') return [];
  const other = server.kind === 'redis' ? 'valkey' : 'redis';
  return [
    {
      message: `${layout.node.id}: its data is in ${data.leftBehind}, as a node of ${other}; with \`server: ${server.kind}\` it would start empty`,
      hints: [
        `Write \`server: ${other}\` in the inventory again.`,
        'A node is not moved to another server by a start.',
      ],
    },
  ];
}

/** An earlier version of the tool had the node elsewhere. */
const leftInFormer = ({ node, dataDirectory }: NodeLayout, former: string): StartReason => ({
  message: `${node.id}: its data is in ${former}, where an earlier version had it; in ${dataDirectory} it would start empty`,
  shared: 'the data is where an earlier version had it, and the nodes would start empty',
  hints: ['Run `weedgo-redis provision`: it moves the data, and starts the node.'],
});

/** Without nodes.conf it starts as a new node, which nobody knows, with data that nobody looks for there. */
export function judgeNoIdentity({ layout, word, data: { folder } }: StartQuestion): readonly StartReason[] {
  if (word.isFormed !== true || !isNameless(folder)) return [];
  return [
    {
      message: `${layout.node.id}: there is data in ${layout.dataDirectory}, and no nodes.conf: started, it would be a new node that no other knows`,
      isIdentity: true,
      hints: [
        `Bring ${layout.dataDirectory}/nodes.conf back.`,
        'If it is lost: weedgo-redis verify. It prints how the node comes back as a new one.',
      ],
    },
  ];
}

/** Data, and no nodes.conf that says whose. */
export const isNameless = (folder: FolderState): boolean =>
  folder.kind === 'read' &&
  folder.identity.kind === 'none' &&
  [true, false].some((isOn) => storedCopy(folder, isOn, undefined).content === 'data');

const moveFolder = ({ dataDirectory }: NodeLayout): string => `mv ${dataDirectory} ${dataDirectory}.aside`;
