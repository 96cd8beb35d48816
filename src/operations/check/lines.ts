import { formatBytes } from '../../base/bytes.ts';
import { requireAddress } from '../../host/requirements/address.ts';
import { requireOwnMachine } from '../../host/requirements/one-machine.ts';
import { noteBootOverrides, noteKernel, noteSelinux } from '../../host/requirements/kernel.ts';
import { noteOutgoingPorts } from '../../host/requirements/outgoing-ports.ts';
import { requireDataFolders } from '../../host/requirements/data-folders.ts';
import { requireOwnership } from '../../host/requirements/ownership.ts';
import { noteOtherServers, requireNoForeignData, requirePorts } from '../../host/requirements/ports.ts';
import type { HostProblem } from '../../host/requirements/problem.ts';
import type { Requirement } from '../../host/requirements/requirement.ts';
import { requireDisk, requireMemory } from '../../host/requirements/resources.ts';
import { requireServiceUser } from '../../host/requirements/service-user.ts';
import { requireSystem } from '../../host/requirements/system.ts';
import { requireUsablePaths } from '../../host/requirements/usable-paths.ts';
import { requireVersion } from '../../host/requirements/version.ts';
import type { PlanInput } from '../../host/planning/input.ts';

/** One thing that was looked at on one host. */
export type CheckLine = {
  readonly check: string;
  /** unknown: an earlier line says why it could not be looked at. */
  readonly outcome: 'ok' | 'warning' | 'failed' | 'unknown';
  readonly detail: string;
  readonly hints: readonly string[];
};

type HostCheck = {
  readonly check: string;
  readonly requirements: readonly Requirement[];
  /** What to say when nothing is wrong. */
  readonly describe: (input: PlanInput) => string;
};

/** Every line that follows from a host's facts; the requirements are those that provision has. */
const hostChecks: readonly HostCheck[] = [
  {
    check: 'system',
    requirements: [requireSystem],
    describe: ({ facts }) => `${facts.os.prettyName}, Linux ${facts.os.kernel}`,
  },
  { check: 'server', requirements: [requireVersion, requireServiceUser], describe: describeServer },
  {
    check: 'address',
    requirements: [requireAddress, requireOwnMachine],
    describe: ({ host }) => `${host.privateAddress} is its own`,
  },
  {
    check: 'ports',
    requirements: [
      requirePorts,
      noteOutgoingPorts,
      requireNoForeignData,
      requireUsablePaths,
      requireOwnership,
      requireDataFolders,
      noteOtherServers,
    ],
    describe: describePorts,
  },
  {
    check: 'memory',
    requirements: [requireMemory],
    describe: ({ facts: { memory } }) =>
      `${formatBytes(memory.total)}, ${formatBytes(memory.available)} available`,
  },
  {
    check: 'disk',
    requirements: [requireDisk],
    describe: ({ facts }) =>
      `${formatBytes(Math.min(...Object.values(facts.disks).map(({ available }) => available)))} free`,
  },
  {
    check: 'kernel',
    requirements: [noteKernel, noteBootOverrides, noteSelinux],
    describe: () => 'settings as they should be, or can be set',
  },
];

/** The lines of a host that was read. `clocks`: what `requireClocks` says over all hosts. */
export function hostLines(input: PlanInput, clocks: readonly HostProblem[]): readonly CheckLine[] {
  const lines = hostChecks.map(({ check, requirements, describe }) =>
    lineFrom(
      check,
      requirements.flatMap((requirement) => requirement(input)),
      () => describe(input),
    ),
  );
  const own = clocks.filter(({ host }) => host === input.host.name);
  return [
    ...lines,
    lineFrom('clock', own, () => `${Math.round(input.facts.clock.offsetMs)} ms from this machine's`),
  ];
}

/**
 * The worst problem decides; all of them are told. A line stands under its host's name, which it need not
 * repeat.
 */
export function lineFrom(check: string, problems: readonly HostProblem[], describe: () => string): CheckLine {
  const [first, ...others] = problems.toSorted((one, other) => weight(other) - weight(one));
  if (!first) return { check, outcome: 'ok', detail: describe(), hints: [] };
  return {
    check,
    outcome: first.kind === 'warning' ? 'warning' : 'failed',
    detail: textOf(first),
    hints: [...first.hints, ...others.flatMap((other) => [textOf(other), ...other.hints])],
  };
}

const textOf = ({ host, message }: HostProblem): string =>
  message.startsWith(`${host}: `) ? message.slice(host.length + 2) : message;

const weight = ({ kind }: HostProblem): number => (kind === 'warning' ? 0 : 1);

function describeServer({ inventory, facts }: PlanInput): string {
  const { installed, available } = facts.server;
  const offered =
    available === undefined ? 'the package lists offer none yet' : `${available} can be installed`;
  const name = `${inventory.server}-server`;
  if (installed)
    return `${name} ${installed.version} is installed${available === undefined ? '' : `; ${offered}`}`;
  return `${name} is not installed; ${offered}`;
}

function describePorts({ host, facts, inventory }: PlanInput): string {
  const running = host.nodes.filter(({ id }) => facts.processes[id]);
  const free = host.nodes
    .filter((node) => !running.includes(node))
    .flatMap(({ port, busPort }) => (inventory.mode === 'cluster' ? [port, busPort] : [port]));
  return [
    ...(free.length > 0 ? [`${free.join(', ')} free`] : []),
    ...(running.length > 0 ? [`${running.map(({ port }) => port).join(', ')} running already`] : []),
  ].join('; ');
}
