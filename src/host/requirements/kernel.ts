import { bootOverrides, disableLine, isSatisfied, kernelState } from '../planning/kernel.ts';
import type { HostProblem } from './problem.ts';
import type { Requirement } from './requirement.ts';

/**
 * Settings that should be otherwise and that cannot be changed here (containers): the nodes run all the same.
 */
export const noteKernel: Requirement = ({ host, facts, desired }) => {
  const state = kernelState(facts);
  const fixed = desired.kernel.flatMap((setting): readonly HostProblem[] => {
    const known = state[setting.key];
    if (!known || known.writable || isSatisfied(setting, known.now)) return [];
    const { key, value } = setting;
    return [
      {
        id: 'kernel-setting',
        kind: 'warning',
        host: host.name,
        message: `${host.name}: ${key} is ${known.now} and cannot be set there; it must be ${value}${whys[key] ?? ''}`,
        hints: [`On the machine that hosts ${host.name}: sysctl -w ${key}=${value}`],
      },
    ];
  });
  const { transparentHugepages, transparentHugepagesWritable } = facts.kernel;
  const hugepages = desired.hugepages && transparentHugepages === 'always' && !transparentHugepagesWritable;
  return [
    ...fixed,
    ...(hugepages
      ? [
          {
            id: 'transparent-hugepages',
            kind: 'warning',
            host: host.name,
            message: `${host.name}: transparent hugepages are on and cannot be set there; the nodes turn them off for themselves`,
            hints: [
              `On the machine that hosts ${host.name}: echo madvise >/sys/kernel/mm/transparent_hugepage/enabled`,
            ],
          } as const,
        ]
      : []),
  ];
};

/** Settings that a file with a later name takes back at every boot. */
export const noteBootOverrides: Requirement = ({ host, facts, desired }) =>
  bootOverrides(facts, desired.kernel).map((override) => {
    const { setting, value, file } = override;
    return {
      id: 'kernel-override',
      kind: 'warning',
      host: host.name,
      message: `${host.name}: ${file} sets ${setting.key} = ${value} at every boot, after ${desired.layout.shared?.sysctl ?? ''}`,
      hints: [`As root on ${host.name}: ${disableLine(override)}`],
    };
  });

const whys: Readonly<Record<string, string>> = {
  'vm.overcommit_memory': ': saving can fail when memory is more than half full',
  'net.core.somaxconn': ': bursts of new connections may be turned away',
};

/** SELinux allows a confined server the ports that its policy names, which ours are not. */
export const noteSelinux: Requirement = ({ host, facts, desired, inventory }) => {
  if (!facts.os.selinuxEnforcing || desired.layout.manager === 'daemon') return [];
  const ports = host.nodes.flatMap(({ port, busPort }) =>
    inventory.mode === 'cluster' ? [port, busPort] : [port],
  );
  return [
    {
      id: 'selinux',
      kind: 'warning',
      host: host.name,
      message: `${host.name}: SELinux is enforcing and may keep the nodes from their ports`,
      // The policy may have the port already, under another type: 7000 is a gatekeeper's.
      hints: ports.map(
        (port) =>
          `As root on ${host.name}: semanage port -a -t redis_port_t -p tcp ${port} || semanage port -m -t redis_port_t -p tcp ${port}`,
      ),
    },
  ];
};
