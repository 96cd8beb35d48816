import type { PlanInput } from '../planning/input.ts';
import { packageNames } from '../packages.ts';
import type { PackageManager } from '../facts.ts';
import { describeWanted, isAcceptable } from '../version.ts';
import type { HostProblem } from './problem.ts';
import type { Requirement } from './requirement.ts';

/**
 * The server that is there, or the one that would be installed, is one that the inventory and the tool can
 * use.
 */
export const requireVersion: Requirement = (input) => {
  const { installed } = input.facts.server;
  return installed ? judgeInstalled(input, installed.version) : judgeCandidate(input);
};

function judgeInstalled(input: PlanInput, version: string): readonly HostProblem[] {
  const { inventory, host, facts } = input;
  if (isAcceptable(version, inventory.version)) return [];
  const { packageManager: manager } = facts.os;
  const server = `${inventory.server}-server`;
  return [
    failed(input, 'version', {
      message: `${host.name} has ${server} ${version}; wanted: ${describeWanted(inventory.version)}`,
      hints: [
        ...(manager
          ? [`To upgrade it there: ${upgrades[manager]} ${packageNames(manager, inventory.server)[0]}`]
          : []),
        ...sourcesHint(manager, inventory.server),
        ...(isAcceptable(version, '*')
          ? ['Or change `version` in the inventory, if that server will do.']
          : []),
      ],
    }),
  ];
}

function judgeCandidate(input: PlanInput): readonly HostProblem[] {
  const { inventory, host, facts, desired, refreshed } = input;
  const server = `${inventory.server}-server`;
  const { packageManager: manager } = facts.os;
  const install = manager
    ? `As root on ${host.name}: ${installs[manager]} ${packageNames(manager, inventory.server).join(' ')}`
    : `Install ${server} on ${host.name}.`;
  if (!desired.packages) {
    const allow = desired.layout.manager === 'systemd' && inventory.install === 'none';
    const hints = [
      install,
      ...(allow ? ['Or set `install: package` in the inventory, and it is done for you.'] : []),
    ];
    return [failed(input, 'not-installed', { message: `${host.name} has no ${server}`, hints })];
  }
  const candidate = facts.server.available;
  // What the package lists do not have may be there once they are refreshed, which the plan does first.
  if (!refreshed || (candidate !== undefined && isAcceptable(candidate, inventory.version))) return [];
  const offered = candidate === undefined ? 'offers none' : `would install ${candidate}`;
  return [
    failed(input, 'version', {
      message: `${host.name} needs ${server} ${describeWanted(inventory.version)}; ${manager} there ${offered}`,
      hints: sourcesHint(manager, inventory.server),
    }),
  ];
}

const installs: Readonly<Record<PackageManager, string>> = {
  apt: 'apt-get install',
  dnf: 'dnf install',
  zypper: 'zypper install',
};
const upgrades: Readonly<Record<PackageManager, string>> = {
  apt: 'apt-get install --only-upgrade',
  dnf: 'dnf upgrade',
  zypper: 'zypper update',
};

function sourcesHint(manager: PackageManager | undefined, server: string): readonly string[] {
  switch (manager) {
    case 'apt':
      return [
        `A newer release or its backports may have it: see \`apt-cache policy ${server}-server\` there.`,
      ];
    case 'dnf':
      return [`Another module stream may have it: see \`dnf module list ${server}\` there.`];
    case 'zypper':
      return [`Another repository may have it: see \`zypper search --details ${server}\` there.`];
    case undefined:
      return [];
  }
}

const failed = (
  { host }: PlanInput,
  id: string,
  text: Pick<HostProblem, 'message' | 'hints'>,
): HostProblem => ({ id, kind: 'failed', host: host.name, ...text });
