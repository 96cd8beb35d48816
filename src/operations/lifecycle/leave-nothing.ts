import { OperationError } from '../../base/errors.ts';
import { runChange } from '../../host/change.ts';
import { layoutOf, sharedFolders } from '../../render/layout.ts';
import { stationsOf } from '../../session/stations.ts';
import type { Station } from '../../session/stations.ts';
import { readConfigurations } from '../../session/secrets/configurations.ts';
import type { Session } from '../../session/session.ts';

/**
 * The end of destroy: removes the journal and the folders that are empty now. Where a host has nodes of the
 * same cluster's name that another inventory lists, all of that is theirs as well and stays, with a warning.
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

async function removeJournal({ inventory }: Session, { host, shell, locations }: Station): Promise<void> {
  const known = inventory.hosts.find(({ name }) => name === host);
  const folders = known === undefined ? [] : sharedFolders(layoutOf(inventory, known));
  const { code, stderr } = await runChange(shell, {
    change: 'remove the journal',
    script: removeScript,
    stdin: `${[locations.journal, ...folders].join('\n')}\n`,
    asRoot: true,
    timeoutMs: 15_000,
  });
  if (code !== 0)
    throw new OperationError(`the journal ${locations.journal} cannot be removed: ${stderr.trim()}`, {
      host,
    });
}

/**
 * Of the folders above the nodes' own the empty ones: in others another cluster, the audit log or the lock is
 * left.
 */
const removeScript = `
read -r journal
rm -f -- "$journal" "$journal.new" || exit 1
while read -r folder; do rmdir -- "$folder" 2>/dev/null; done
exit 0`;
