import type { PackageManager } from './facts.ts';
import type { Service } from './service.ts';
import type { ClearedService } from './start/clearance.ts';
import type { PortLimit } from './port-limit.ts';
import { describeGate, describeRules, type Gate, type PortRule } from './gate.ts';

/**
 * One change to a host, as data. `describeStep` prints it, `scriptsFor` turns it into the sh that does it:
 * both from the same value, so what is promised and what is done cannot drift apart.
 */
export type HostStep =
  /** Ask the repositories what there is: after it the facts have to be read again. */
  | {
      readonly kind: 'refresh-packages';
      readonly manager: PackageManager;
      /** What is to be installed after it. */
      readonly packages: readonly string[];
    }
  | {
      readonly kind: 'install-packages';
      readonly manager: PackageManager;
      readonly packages: readonly string[];
    }
  /** Stop, disable and mask a unit of the distribution's that would be in the way. */
  | { readonly kind: 'mask-unit'; readonly unit: string; readonly why: string }
  | { readonly kind: 'make-directory'; readonly directory: DirectorySpec }
  /** `before` is what is there now; undefined when the file is not there. */
  | { readonly kind: 'write-file'; readonly file: FileSpec; readonly before: string | undefined }
  | {
      readonly kind: 'remove-path';
      readonly path: string;
      readonly recursive: boolean;
      readonly why: string;
      /** Removed as this user, below whose folder it is: it could put a link to anywhere there. */
      readonly owner?: string;
      /** The service group, where root removes: only root may be able to replace a folder above it. */
      readonly group?: string;
    }
  /** `units`: only when systemd does not have one of them as it is on disk; without, in any case. */
  | { readonly kind: 'reload-units'; readonly units?: readonly string[] }
  | { readonly kind: 'apply-sysctl'; readonly settings: readonly KernelSetting[] }
  | { readonly kind: 'set-transparent-hugepages'; readonly value: 'madvise' | 'never' }
  /** Running, and its port open, when it is done. */
  | ({ readonly kind: 'start-service' } & ClearedService)
  /** Started at boot; takes effect with the reload-units that follows. */
  | { readonly kind: 'enable-service'; readonly service: Service }
  | { readonly kind: 'stop-service'; readonly service: Service }
  /** Stopped for certain, killed where it does not end, and not started again by its manager. */
  | { readonly kind: 'fence-service'; readonly service: Service }
  | { readonly kind: 'disable-service'; readonly service: Service }
  /** A stopped node's own files, moved into a folder of their own next to it; nothing is deleted. */
  | ({ readonly kind: 'set-aside' } & SetAside)
  /** What the next start reads is given to the service user. */
  | ({ readonly kind: 'own-data' } & OwnData)
  /** A stopped node's data folder, renamed from where an earlier version of the tool had it. */
  | ({ readonly kind: 'move-data' } & MoveData)
  /** Add accept rules to a firewall, marked as ours; take such rules away again. */
  | ({ readonly kind: 'open-ports' } & GateRules)
  | ({ readonly kind: 'close-ports' } & GateRules)
  /** Load the tool's own table in nftables; take it away. */
  | { readonly kind: 'limit-ports'; readonly limit: PortLimit }
  | { readonly kind: 'unlimit-ports'; readonly cluster: string }
  /** Have a unit of ours run now and at every boot; it does nothing twice. */
  | { readonly kind: 'enable-unit'; readonly unit: string }
  | { readonly kind: 'disable-unit'; readonly unit: string };

/** The steps about one node's process. */
export type ServiceStep = Extract<HostStep, { readonly service: Service }>;

export type SetAside = {
  readonly directory: string;
  /** Name of the new folder below it, `aside-20260102T030405Z`. */
  readonly into: string;
  /** Names that stay. */
  readonly keep: readonly string[];
  /** The user whose files they are; undefined: the user who runs the step. */
  readonly owner: string | undefined;
};

export type MoveData = { readonly from: string; readonly to: string; readonly owner: string };

export type OwnData = { readonly directory: string; readonly owner: string };

/** Rules of one gate; `mark` as `markOf` says it. */
export type GateRules = { readonly gate: Gate; readonly mark: string; readonly rules: readonly PortRule[] };

/** `key` as sysctl writes it, `vm.overcommit_memory`. */
export type KernelSetting = { readonly key: string; readonly value: number };

export type DirectorySpec = {
  readonly path: string;
  /** Octal, as `0750`. */
  readonly mode: string;
  /** undefined: the user who runs the step (local hosts). */
  readonly owner: string | undefined;
  readonly group: string | undefined;
};

export type FileSpec = DirectorySpec & {
  readonly content: string;
  /** Holds a password: shown masked, everywhere. */
  readonly secret: boolean;
};

/** One line for people, as an imperative: what the step does. Holds no secret. */
export function describeStep(step: HostStep): string {
  if ('service' in step) return describeServiceStep(step);
  switch (step.kind) {
    case 'refresh-packages':
      return `refresh the package lists (${step.manager})`;
    case 'install-packages':
      return `install ${step.packages.join(', ')} (${step.manager})`;
    case 'mask-unit':
      return `stop and mask ${step.unit} (${step.why})`;
    case 'make-directory':
      return `make directory ${describePlace(step.directory)}`;
    case 'write-file':
      return `${step.before === undefined ? 'write' : 'change'} ${describePlace(step.file)}`;
    case 'remove-path':
      return `remove ${step.path}${step.recursive ? ' and all that is in it' : ''} (${step.why})`;
    case 'reload-units':
      return 'have systemd read its units again';
    case 'apply-sysctl':
      return `set ${step.settings.map(({ key, value }) => `${key} = ${value}`).join(', ')}`;
    case 'set-transparent-hugepages':
      return `set transparent hugepages to ${step.value}`;
    case 'set-aside':
      return `move the data in ${step.directory} to ${step.directory}/${step.into}`;
    case 'own-data':
      return `give the files in ${step.directory} to ${step.owner}`;
    case 'move-data':
      return `move ${step.from} to ${step.to}`;
    case 'open-ports':
      return `let in through ${describeGate(step.gate)}: ${describeRules(step.rules)}`;
    case 'close-ports':
      return `no longer let in through ${describeGate(step.gate)}: ${describeRules(step.rules)}`;
    case 'limit-ports':
      return describeLimit(step.limit);
    case 'unlimit-ports':
      return 'no longer limit who reaches the ports';
    case 'enable-unit':
    case 'disable-unit':
      return `${step.kind === 'enable-unit' ? `run ${step.unit} now and` : `no longer run ${step.unit}`} at boot`;
  }
}

function describeLimit({ ports, allowed, senders }: PortLimit): string {
  const users = senders?.users.map(({ name }) => name).join(' and ');
  return [
    ...(ports.length > 0 ? [`limit who reaches ports ${ports.join(', ')}: ${describeRules(allowed)}`] : []),
    ...(users === undefined ? [] : [`let only ${users} of this host connect to bus ports`]),
  ].join('; ');
}

function describeServiceStep(step: ServiceStep): string {
  switch (step.kind) {
    case 'start-service':
      return `start ${nameOf(step.service)}${step.isOverride ? ', which its own guard would hold back' : ''}`;
    case 'enable-service':
      return `enable ${nameOf(step.service)} at boot`;
    case 'stop-service':
      return `stop ${nameOf(step.service)}`;
    case 'fence-service':
      return `stop ${nameOf(step.service)}, and kill it if it does not end`;
    case 'disable-service':
      return `no longer start ${nameOf(step.service)} at boot`;
  }
}

function describePlace({ path, mode, owner, group }: DirectorySpec): string {
  return owner === undefined ? `${path} (${mode})` : `${path} (${owner}:${group ?? owner} ${mode})`;
}

const nameOf = (service: Service): string =>
  service.manager === 'systemd' ? service.unit : `${service.node} (${service.configFile})`;
