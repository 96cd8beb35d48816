import { kernelSettings } from '../../host/desired.ts';
import type { Facts, KernelFacts } from '../../host/facts.ts';
import { bootOverrides, disableLine } from '../../host/planning/kernel.ts';
import type { Host } from '../../inventory/inventory.ts';
import { layoutOf } from '../../render/layout.ts';
import type { Check, Finding } from '../check.ts';
import type { CheckInput } from '../input.ts';
import { byHand, onHost, ours } from '../remedy.ts';
import { titled } from '../shared.ts';
import type { Topology } from '../topology.ts';

/**
 * Kernel settings of hosts that the tool manages (on this machine, as an ordinary user, they are not its
 * business). Where a container may not change them they are only told: the machine below has to.
 */
export const kernel: Check = {
  name: 'kernel settings',
  section: 'host',
  run: (input, topology) =>
    input.inventory.hosts
      .filter(({ connection }) => connection === 'ssh')
      .flatMap((host) => {
        const facts = input.hosts[host.name];
        return facts?.reachable
          ? judge(input, topology, { host, facts: facts.facts, kernel: facts.facts.kernel })
          : [];
      }),
};

type Subject = { readonly host: Host; readonly facts: Facts; readonly kernel: KernelFacts };

function judge(input: CheckInput, topology: Topology, subject: Subject): readonly Finding[] {
  return [
    ...overcommit(input, subject),
    ...backlog(input, topology, subject),
    ...sockets(input, topology, subject),
    ...overridden(input, subject),
    ...hugepages(input, topology, subject),
  ];
}

function overcommit({ inventory }: CheckInput, { host, kernel: settings }: Subject): readonly Finding[] {
  if (settings.overcommitMemory === 1) return [];
  return [
    {
      ...setting(host, settings.overcommitMemoryWritable),
      id: 'WR-KERNEL-OVERCOMMIT',
      ...titled(host.name, `vm.overcommit_memory on {} is ${settings.overcommitMemory}`),
      seen: `vm.overcommit_memory = ${settings.overcommitMemory}`,
      expected: 'vm.overcommit_memory = 1',
      why: 'The fork for a snapshot or a full synchronisation may fail although there is memory enough.',
      remedy: settings.overcommitMemoryWritable
        ? [ours(inventory, 'provision')]
        : [below(host, 'sysctl -w vm.overcommit_memory=1')],
    },
  ];
}

function backlog(
  { inventory }: CheckInput,
  { reachable }: Topology,
  { host, kernel: settings }: Subject,
): readonly Finding[] {
  const own = new Set(host.nodes.map(({ id }) => id));
  const wanted = Math.max(
    0,
    ...reachable.filter(({ node }) => own.has(node)).map(({ config }) => Number(config['tcp-backlog'] ?? 0)),
  );
  if (settings.somaxconn >= wanted) return [];
  return [
    {
      ...setting(host, settings.somaxconnWritable),
      id: 'WR-KERNEL-SOMAXCONN',
      ...titled(host.name, 'net.core.somaxconn on {} is too small'),
      seen: `net.core.somaxconn = ${settings.somaxconn}`,
      expected: `at least tcp-backlog, ${wanted}`,
      why: 'In a burst of new connections some are dropped although the server would take them.',
      remedy: settings.somaxconnWritable
        ? [ours(inventory, 'provision')]
        : [below(host, `sysctl -w net.core.somaxconn=${wanted}`)],
    },
  ];
}

/** A socket keeps the length that the kernel allowed when the server began to listen. */
function sockets(
  { inventory }: CheckInput,
  { reachable }: Topology,
  { host, kernel: settings }: Subject,
): readonly Finding[] {
  return host.nodes.flatMap((node) => {
    const wanted = Number(reachable.find((view) => view.node === node.id)?.config['tcp-backlog'] ?? 0);
    const length = settings.backlogs[node.port];
    if (length === undefined || length >= wanted || settings.somaxconn < wanted) return [];
    return [
      {
        id: 'WR-BACKLOG-SHORT',
        severity: 'warning',
        ...titled(node.id, '{} {listens|listen} with a shorter backlog than configured'),
        nodes: [node.id],
        hosts: [],
        seen: `the socket of port ${node.port} has ${length}; it was opened while net.core.somaxconn was smaller`,
        expected: `tcp-backlog, ${wanted}`,
        why: 'In a burst of new connections some are dropped although the server would take them.',
        remedy: [ours(inventory, 'restart', node.id)],
      } as const,
    ];
  });
}

/** Set now, and taken back at the next boot. */
function overridden({ inventory, files }: CheckInput, { host, facts }: Subject): readonly Finding[] {
  const sysctl = layoutOf(inventory, host).shared?.sysctl;
  const content = files[host.name]?.find(({ path }) => path === sysctl)?.content ?? '';
  return bootOverrides(facts, kernelSettings(content)).map((override) => {
    const { setting: wanted, value, file } = override;
    return {
      ...setting(host, true),
      id: 'WR-KERNEL-BOOT',
      ...titled(host.name, `${file} on {} sets ${wanted.key} = ${value} at boot`),
      seen: `${file}: ${wanted.key} = ${value}, after ${sysctl}`,
      expected: `${wanted.key} = ${wanted.value}`,
      why: 'What provision sets is gone with the next boot, and the nodes start with the other value.',
      remedy: [onHost(inventory, host.name, disableLine(override)), ours(inventory, 'provision')],
    };
  });
}

/** Redis takes itself out of it with disable-thp; a server that could not is slow after every fork. */
function hugepages(
  { inventory }: CheckInput,
  { reachable }: Topology,
  { host, kernel: settings }: Subject,
): readonly Finding[] {
  const own = new Set(host.nodes.map(({ id }) => id));
  const exposed = reachable.filter(({ node, config }) => own.has(node) && config['disable-thp'] !== 'yes');
  if (settings.transparentHugepages !== 'always' || exposed.length === 0) return [];
  return [
    {
      ...setting(host, settings.transparentHugepagesWritable),
      id: 'WR-KERNEL-HUGEPAGES',
      ...titled(host.name, 'transparent hugepages are on at {}'),
      seen: `always, and ${exposed.map(({ node }) => node).join(', ')} without disable-thp`,
      expected: 'madvise or never',
      why: 'After every fork single commands take a hundred times as long, and memory use grows.',
      remedy: settings.transparentHugepagesWritable
        ? [ours(inventory, 'provision')]
        : [below(host, 'echo madvise > /sys/kernel/mm/transparent_hugepage/enabled')],
    },
  ];
}

function setting(host: Host, writable: boolean): Pick<Finding, 'severity' | 'nodes' | 'hosts'> {
  return { severity: writable ? 'warning' : 'info', nodes: [], hosts: [host.name] };
}

/** Nothing of ours can change what a container may not. */
function below({ name }: Host, command: string): string {
  return byHand(`on the machine that hosts ${name}: ${command}`);
}
