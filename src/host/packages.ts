import type { Facts } from './facts.ts';
import type { PackageManager } from './facts.ts';

type Server = 'redis' | 'valkey';

/**
 * What a distribution calls its packages; the server's own first. They bring redis-cli (valkey-cli) with
 * them.
 */
export function packageNames(manager: PackageManager, server: Server): readonly string[] {
  return manager === 'apt' ? [`${server}-server`, `${server}-tools`] : [server];
}

/** The unit that the distribution's package brings for a single server of its own. */
export const distributionUnit = (manager: PackageManager, server: Server): string =>
  manager === 'apt' ? `${server}-server.service` : `${server}.service`;

/** Every name that such a unit has anywhere, for asking before it is known which distribution it is. */
export const distributionUnits: readonly string[] = [
  ...new Set(
    (['apt', 'dnf', 'zypper'] as const).flatMap((manager) => [
      distributionUnit(manager, 'redis'),
      distributionUnit(manager, 'valkey'),
    ]),
  ),
];

/**
 * Debian's packages start their service when they are installed; the others leave that to the administrator.
 */
export const startsOnInstall = (manager: PackageManager): boolean => manager === 'apt';

/** The server's path: where it is, else where the package will put it (openSUSE: /usr/sbin). */
export function serverPath(facts: Pick<Facts, 'os' | 'server'>, server: Server): string {
  if (facts.server.installed) return facts.server.installed.path;
  const folder = facts.os.packageManager === 'zypper' ? '/usr/sbin' : '/usr/bin';
  return `${folder}/${server}-server`;
}
