import { RefusedError } from '../../base/errors.ts';
import { notYetGenerated, secretFile } from '../../inventory/secrets.ts';
import type { Inventory, Secrets } from '../../inventory/inventory.ts';
import type { Session } from '../session.ts';
import { readConfigurations } from './configurations.ts';
import type { Configuration } from './configurations.ts';

/** A secret whose `generate:` file is not on this machine. */
export type MissingSecret = {
  readonly which: keyof Secrets;
  readonly file: string;
  /** The application's user. */
  readonly user: string | undefined;
};

export function missingSecrets(inventory: Inventory, secrets: Secrets): readonly MissingSecret[] {
  const { auth } = inventory;
  const all = [
    { which: 'password', source: auth.password, user: undefined },
    { which: 'application', source: auth.application?.password, user: auth.application?.user },
  ] as const;
  return all.flatMap(({ which, source, user }) => {
    const file = source && secretFile(inventory, source);
    return file !== undefined && secrets[which] === notYetGenerated ? [{ which, file, user }] : [];
  });
}

/**
 * Throws RefusedError when a secret's file is missing here although a host has a configuration with that
 * secret: it was generated elsewhere, and nothing takes its place. Hosts that cannot be read do not count
 * here.
 */
export async function refuseUnknownSecrets(session: Session): Promise<void> {
  const missing = missingSecrets(session.inventory, session.secrets);
  if (missing.length === 0) return;
  const { found } = await readConfigurations(session);
  for (const secret of missing) {
    const hosts = [...found].flatMap(([host, all]) =>
      all.some((each) => holds(each, secret)) ? [host] : [],
    );
    if (hosts.length > 0) throw unknown(session.inventory, secret, hosts);
  }
}

/** A configuration that cannot be understood may hold anything. */
export function holds({ directives }: Configuration, { user }: Pick<MissingSecret, 'user'>): boolean {
  if (directives === undefined) return true;
  if (user !== undefined) return (directives['user'] ?? []).some(([name]) => name === user);
  return (directives['requirepass'] ?? []).some(([password = '']) => password !== '');
}

function unknown(
  { cluster }: Inventory,
  { file, user }: MissingSecret,
  hosts: readonly string[],
): RefusedError {
  const whose =
    user === undefined ? `the password of ${cluster}` : `the password of user ${user} of ${cluster}`;
  return new RefusedError(
    `${whose} is not on this machine: ${file} does not exist, but ${cluster} is configured with one on ${hosts.join(', ')}`,
    {
      hints: [
        `Copy ${file} from the operator who has it, with mode 0600.`,
        ...(user === undefined
          ? [
              'Or run `weedgo-redis recover-password`: it reads the password on the hosts and writes the file.',
            ]
          : [
              `Or set a new one: write it to ${file} with mode 0600, then run \`weedgo-redis provision\`. The hosts hold a hash only.`,
            ]),
      ],
    },
  );
}
