import { formatBytes } from '../base/bytes.ts';
import { onHost, ours } from '../checks/remedy.ts';
import type { Reason } from '../cluster/failover/reason.ts';
import type { InfoFields, ReachableView } from '../cluster/view.ts';
import type { DiskState, FolderState } from '../host/facts.ts';
import { shQuote } from '../base/sh.ts';
import type { Inventory, Node } from '../inventory/inventory.ts';
import { type Layout, layoutOf } from '../render/layout.ts';
import type { Observation } from '../observation/observe.ts';

/**
 * On SIGTERM the server saves a snapshot where it has save points, or is told to by `shutdown-on-sigterm`.
 */
export function savesAtEnd(config: ReachableView['config']): boolean {
  const flags = (config['shutdown-on-sigterm'] ?? 'default').split(' ');
  if (flags.includes('nosave')) return false;
  return config['save'] !== '' || flags.includes('save');
}

/**
 * Why nodes could not save the snapshot with which they end: a server whose last save fails does not end
 * (server.c, finishShutdown), whatever its append-only file holds, so its stop would hang. Pure. Of a node
 * that does not answer it is not known what it saves; it is stopped without this look.
 */
export function guardFinalSave(
  inventory: Inventory,
  { facts, view }: Pick<Observation, 'facts' | 'view'>,
  ids: readonly string[],
): readonly Reason[] {
  return inventory.hosts.flatMap((host) => {
    const seen = facts.get(host.name);
    const layout = layoutOf(inventory, host);
    const saving = layout.nodes.flatMap(({ node, dataDirectory }) => {
      const own = view.nodes.find((each) => each.node === node.id);
      if (!ids.includes(node.id) || own?.reachable !== true || !savesAtEnd(own.config)) return [];
      const [folder, disk] = [seen?.data[node.id]?.folder, seen?.disks[dataDirectory]];
      return folder ? [{ inventory, layout, node, dataDirectory, info: own.info, folder, disk }] : [];
    });
    const failing = saving.flatMap((each) => whyNot(each) ?? []);
    return failing.length > 0 ? failing : noRoom(saving);
  });
}

type Saving = {
  readonly inventory: Inventory;
  readonly layout: Layout;
  readonly node: Node;
  readonly dataDirectory: string;
  readonly info: InfoFields;
  readonly folder: FolderState;
  readonly disk: DiskState | undefined;
};

const because = (message: string, hints: readonly string[]): Reason => ({
  code: 'no-final-save',
  message: `${message}, and a node that cannot save its last snapshot does not end`,
  hints: [...hints, 'Then run the same command again.'],
});

function whyNot({ inventory, layout, node, dataDirectory, info, folder }: Saving): Reason | undefined {
  const { id, host } = node;
  if (folder.kind !== 'read') {
    const what = folder.kind === 'absent' ? 'is gone' : `has ${folder.path}, which its user cannot read`;
    return because(`${id}: its data folder ${dataDirectory} ${what}`, [
      `Run \`${ours(inventory, 'verify')}\`: it prints what to do about the folder.`,
    ]);
  }
  if (!folder.isWritable) {
    const user = layout.serviceUser;
    const path = shQuote(dataDirectory);
    const open = `chmod u+rwx ${path}`;
    const fix = user === undefined ? open : `chown ${user}: ${path} && ${open}`;
    return because(`${id}: its data folder ${dataDirectory} is not writable by the server's user`, [
      `Run \`${onHost(inventory, host, user === undefined ? open : `sh -c ${shQuote(fix)}`)}\`.`,
      `Where that does not help, look for a file system that is mounted read-only on ${host}.`,
    ]);
  }
  if (info['rdb_last_bgsave_status'] !== 'err') return undefined;
  return because(`${id}: its last snapshot failed (rdb_last_bgsave_status:err)`, [
    `Look for the reason at the end of the log of ${id}, and remove it.`,
    `Run \`${ours(inventory, 'call', id, 'BGSAVE')}\`, and wait until its INFO says rdb_last_bgsave_status:ok.`,
  ]);
}

/** The nodes of a host that stop together write to its disk at the same time. */
function noRoom(saving: readonly Saving[]): readonly Reason[] {
  return saving.flatMap(({ inventory, node, dataDirectory, disk }) => {
    if (!disk) return [];
    // Same sizes to the byte: the same file system, read at one moment.
    const sharing = saving.filter((other) => other.disk?.available === disk.available);
    if (sharing[0]?.node !== node) return [];
    const needed = sharing.reduce((sum, each) => sum + snapshotBytes(each), 0);
    const names = sharing.map((each) => each.node.id).join(', ');
    if (disk.available >= needed && disk.inodesAvailable !== 0) return [];
    const left = disk.inodesAvailable === 0 ? 'no inode' : formatBytes(disk.available);
    return [
      because(
        `${names}: ${left} free below ${dataDirectory}, and the last snapshot needs ${formatBytes(needed)}`,
        [
          `Make room. What takes it: ${onHost(inventory, node.host, `du -xh -d 2 ${shQuote(dataDirectory)}`)}`,
        ],
      ),
    ];
  });
}

/**
 * A snapshot is written next to the one that it replaces. It is smaller than the data in memory, by how much
 * is only known from the snapshot before: twice that is allowed for.
 */
function snapshotBytes({ info, folder }: Saving): number {
  const inMemory = Number(info['used_memory_dataset'] ?? 0);
  const before = folder.kind === 'read' ? (folder.dump?.size ?? 0) : 0;
  return before > 0 ? Math.min(inMemory, before * 2) : inMemory;
}
