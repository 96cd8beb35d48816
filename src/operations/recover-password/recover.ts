import { RefusedError, UsageError } from '../../base/errors.ts';
import type { Inventory } from '../../inventory/inventory.ts';
import { keepSecret } from '../../inventory/keep-secret.ts';
import { secretFile } from '../../inventory/secrets.ts';
import { stationCount } from '../../session/stations.ts';
import type { Session } from '../../session/session.ts';
import { readConfigurations } from '../../session/secrets/configurations.ts';
import type { Configuration } from '../../session/secrets/configurations.ts';

export type RecoverReport = {
  readonly file: string;
  /** False: the file had it already. */
  readonly changed: boolean;
  /** The hosts whose configurations have it. */
  readonly hosts: readonly string[];
};

/**
 * Reads the administrator's password from the cluster's own configurations on the hosts, as root, and writes
 * it to the file that the inventory names, or to `output`. Changes nothing on a host and shows the password
 * to nobody. Throws UsageError where no file is named; RefusedError when the hosts that agree are no majority
 * of all hosts, or when the file holds another password.
 */
export async function recoverPassword(
  session: Session,
  { output }: { readonly output: string | undefined },
): Promise<RecoverReport> {
  const file = output ?? fileOf(session.inventory);
  const { found, unread } = await readConfigurations(session);
  for (const [host, { message }] of unread)
    session.emit({ type: 'warning', host, message: `not read: ${message}` });
  const { password, hosts } = agreedPassword(session, found);
  const kept = await keepSecret(file, password);
  if (kept === 'another') {
    throw new RefusedError(`${file} holds another password than ${hosts.join(', ')}: it is not overwritten`, {
      hints: [`Move ${file} away, then run the same command again.`],
    });
  }
  return { file, changed: kept === 'written', hosts };
}

function fileOf(inventory: Inventory): string {
  const source = inventory.auth.password;
  const file = source && secretFile(inventory, source);
  if (file !== undefined) return file;
  throw new UsageError('the inventory names no file for the password', {
    hints: ['Name one: weedgo-redis recover-password --output FILE'],
  });
}

type Agreed = { readonly password: string; readonly hosts: readonly string[] };

/** What the configurations of most hosts say. A host whose own configurations differ has no vote. */
function agreedPassword(
  { inventory, emit }: Session,
  found: ReadonlyMap<string, readonly Configuration[]>,
): Agreed {
  const votes = new Map<string, readonly string[]>();
  const others: string[] = [];
  for (const [host, configurations] of found) {
    if (configurations.length === 0) continue;
    const passwords = new Set(configurations.map(passwordIn));
    const [only] = passwords;
    if (passwords.size === 1 && only) votes.set(only, [...(votes.get(only) ?? []), host]);
    else others.push(host);
  }
  const ranked = [...votes].toSorted(([, one], [, other]) => other.length - one.length);
  const [[password, hosts] = ['', []], ...minorities] = ranked;
  if (hosts.length * 2 <= stationCount(inventory)) throw noMajority(inventory, { groups: ranked, others });
  const differing = [...minorities.flatMap(([, names]) => names), ...others];
  for (const host of differing)
    emit({
      type: 'warning',
      host,
      message: 'its configurations have another password, or none; the majority counts',
    });
  return { password, hosts };
}

const passwordIn = ({ directives }: Configuration): string | undefined =>
  directives?.['requirepass']?.at(-1)?.[0] || undefined;

function noMajority(
  { cluster }: Inventory,
  seen: {
    readonly groups: readonly (readonly [string, readonly string[]])[];
    readonly others: readonly string[];
  },
): RefusedError {
  const groups = seen.groups.map(([, hosts], index) => `password ${index + 1}: ${hosts.join(', ')}`);
  const others = seen.others.map((host) => `${host}: its configurations differ, or have no password`);
  return new RefusedError(
    `no majority of the hosts has the same password of ${cluster} in its configurations`,
    {
      hints: [
        ...groups,
        ...others,
        ...(groups.length + others.length === 0 ? [`No host has a configuration of ${cluster}.`] : []),
      ],
    },
  );
}
