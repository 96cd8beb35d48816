import type { HostProblem } from './problem.ts';
import type { Requirement } from './requirement.ts';

/** systemd runs the nodes of SSH hosts; one of three package managers installs them. */
export const requireSystem: Requirement = ({ inventory, host, facts, desired }) => {
  if (desired.layout.manager === 'daemon') return [];
  const problem = { kind: 'failed', host: host.name } as const;
  const systemd: HostProblem = {
    ...problem,
    id: 'systemd',
    message: `${host.name} (${facts.os.prettyName}) was not booted with systemd, which would run the nodes`,
    hints: ['Use a distribution with systemd: Debian, Ubuntu, RHEL and its relatives, openSUSE.'],
  };
  const manager: HostProblem = {
    ...problem,
    id: 'package-manager',
    message: `${host.name} (${facts.os.prettyName}) has none of apt-get, dnf and zypper, and no ${inventory.server}-server`,
    hints: [`Install ${inventory.server} 6.2 or later there yourself and set \`install: none\`.`],
  };
  const cannotInstall =
    inventory.install === 'package' && !facts.server.installed && !facts.os.packageManager;
  return [...(facts.os.systemd ? [] : [systemd]), ...(cannotInstall ? [manager] : [])];
};
