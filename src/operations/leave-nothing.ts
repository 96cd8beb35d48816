import { OperationError } from '../errors.ts';
import { runChange } from '../host/change.ts';
import { layoutOf } from '../render/layout.ts';
import { stationsOf } from './places.ts';
import type { Station } from './places.ts';
import { readConfigurations } from './secrets/configurations.ts';
import type { Session } from './session.ts';

/**
 * The end of destroy: removes the journal and the folders that are empty now. Where a host has nodes of the same
 * cluster's name that another inventory lists, all of that is theirs as well and stays, with a warning.
 * Resolves to whether nothing of the cluster is left, so that the lock's files can go. Throws OperationError.
 */
export async function leaveNothing(session: Session): Promise<boolean> {
  const { found, unread } = await readConfigurations(session);
  for (const error of unread.values()) throw error;
  const left = [...found].filter(([, configurations]) => configurations.length > 0);
  for (const [host, configurations] of left) {
    const paths = configurations.map(({ path }) => path).join(', ');
    const message = `other nodes of ${session.inventory.cluster} stay, which this inventory does not list: ${paths}`;
    session.emit({ type: 'warning', host, message });
  }
  const bare = stationsOf(session).filter(({ host }) => !left.some(([name]) => name === host));
  await Promise.all(bare.map((station) => removeJournal(session, station)));
  return left.length === 0;
}

async function removeJournal({ inventory }: Session, { host, shell, places }: Station): Promise<void> {
  const local = inventory.hosts.find(({ name, connection }) => name === host && connection === 'local');
  const root = local && layoutOf(inventory, local).directories[0]?.path;
  const { code, stderr } = await runChange(shell, {
    change: 'remove the journal',
    script: removeScript,
    stdin: `${places.memory}\n${root ?? ''}\n`,
    asRoot: true,
    timeoutMs: 15_000,
  });
  if (code !== 0)
    throw new OperationError(`the journal ${places.memory} cannot be removed: ${stderr.trim()}`, { host });
}

/** `root`: a local cluster's own folder. What is not empty is somebody else's, or the lock's, which goes last. */
const removeScript = `
read -r memory; read -r root
rm -f -- "$memory" "$memory.new" || exit 1
if [ -n "$root" ] && [ -d "$root" ]; then rmdir -- "$root" 2>/dev/null; fi
exit 0`;
