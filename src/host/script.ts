import {
  checkDaemonScript,
  fenceDaemonScript,
  startDaemonsScript,
  stopDaemonScript,
} from './scripts/daemon.ts';
import { closePortsScript, openPortsScript } from './scripts/firewall.ts';
import { makeDirectoryScript, removeScript, writeFileScript } from './scripts/files.ts';
import { sysctlScript, transparentHugepagesScript } from './scripts/kernel.ts';
import { moveDataScript } from './scripts/move-data.ts';
import { ownDataScript } from './scripts/own-data.ts';
import { setAsideScript } from './scripts/set-aside.ts';
import { limitPortsScript, unlimitPortsScript } from './scripts/port-limit.ts';
import { installScript, refreshScript } from './scripts/packages.ts';
import {
  checkUnitScript,
  disableUnitScript,
  disableUnitsScript,
  enableUnitScript,
  enableUnitsScript,
  fenceUnitScript,
  maskScript,
  reloadScript,
  startUnitsScript,
  stopUnitScript,
  stopUnitsScript,
} from './scripts/systemd.ts';
import type { HostStep, ServiceStep } from './step.ts';
import type { DaemonService, Service, SystemdService } from './service.ts';

/**
 * The sh of one step. `body` is to run in a subshell under `set -e`. `prepare` runs before it, in the same
 * shell as everything else and whatever comes of it: it begins `begins` steps, this one and those after it,
 * which then wait, so that the nodes of a host start at the same time. `together`: the step after it was
 * begun along with it, so when this one fails it has to be seen what became of that one.
 */
export type StepScript = {
  readonly prepare: string;
  readonly begins: number;
  readonly body: string;
  readonly together: boolean;
};

/** One script a step. Steps of one kind that follow each other are done together, where that saves time. */
export function scriptsFor(steps: readonly HostStep[]): readonly StepScript[] {
  return steps.map((step, index) => {
    const isFirst = steps[index - 1]?.kind !== step.kind;
    const run = isFirst ? runOf(steps, index) : [];
    const prepare = prepareScript(run);
    return {
      prepare,
      begins: prepare === '' ? 0 : run.length,
      body: bodyScript(step),
      together: step.kind === 'start-service' && steps[index + 1]?.kind === step.kind,
    };
  });
}

/** The steps from `index` on that are of the same kind. */
function runOf(steps: readonly HostStep[], index: number): readonly HostStep[] {
  const end = steps.findIndex((step, at) => at > index && step.kind !== steps[index]?.kind);
  return steps.slice(index, end === -1 ? undefined : end);
}

function prepareScript(run: readonly HostStep[]): string {
  const starts = run.flatMap((step) => (step.kind === 'start-service' ? [step.service] : []));
  const overrides = run.flatMap((step) =>
    step.kind === 'start-service' && step.isOverride && step.service.manager === 'systemd'
      ? [step.service]
      : [],
  );
  const stops = run.flatMap((step) => (step.kind === 'stop-service' ? [step.service] : []));
  return [
    onUnits(starts, (units) => startUnitsScript(units, overrides)),
    onDaemons(starts, startDaemonsScript),
    stops.length > 1 ? onUnits(stops, stopUnitsScript) : '',
  ]
    .filter(Boolean)
    .join('\n');
}

function bodyScript(step: HostStep): string {
  if ('service' in step) return serviceScript(step);
  switch (step.kind) {
    case 'refresh-packages':
      return refreshScript(step.manager, step.packages);
    case 'install-packages':
      return installScript(step.manager, step.packages);
    case 'mask-unit':
      return maskScript(step.unit);
    case 'make-directory':
      return makeDirectoryScript(step.directory);
    case 'write-file':
      return writeFileScript(step.file);
    case 'remove-path':
      return removeScript(step);
    case 'reload-units':
      return reloadScript(step.units);
    case 'apply-sysctl':
      return sysctlScript(step.settings);
    case 'set-transparent-hugepages':
      return transparentHugepagesScript(step.value);
    case 'set-aside':
      return setAsideScript(step);
    case 'own-data':
      return ownDataScript(step);
    case 'move-data':
      return moveDataScript(step);
    case 'open-ports':
      return openPortsScript(step);
    case 'close-ports':
      return closePortsScript(step);
    case 'limit-ports':
      return limitPortsScript(step.limit);
    case 'unlimit-ports':
      return unlimitPortsScript(step.cluster);
    case 'enable-unit':
    case 'disable-unit':
      return step.kind === 'enable-unit' ? enableUnitScript(step.unit) : disableUnitScript(step.unit);
  }
}

function serviceScript(step: ServiceStep): string {
  switch (step.kind) {
    case 'start-service':
      return checkScript(step);
    case 'stop-service':
      return stopScript(step.service);
    case 'fence-service':
      return fenceScript(step.service);
    // Nothing starts a plain daemon at boot.
    case 'enable-service':
      return onUnits([step.service], enableUnitsScript) || ':';
    case 'disable-service':
      return onUnits([step.service], disableUnitsScript) || ':';
  }
}

const checkScript = ({
  service,
  isOverride,
}: Extract<ServiceStep, { readonly kind: 'start-service' }>): string =>
  service.manager === 'systemd' ? checkUnitScript(service, isOverride) : checkDaemonScript(service);

const stopScript = (service: Service): string =>
  service.manager === 'systemd' ? stopUnitScript(service) : stopDaemonScript(service);

const fenceScript = (service: Service): string =>
  service.manager === 'systemd' ? fenceUnitScript(service) : fenceDaemonScript(service);

function onUnits(
  services: readonly Service[],
  build: (services: readonly SystemdService[]) => string,
): string {
  const units = services.filter((service) => service.manager === 'systemd');
  return units.length > 0 ? build(units) : '';
}

function onDaemons(
  services: readonly Service[],
  build: (services: readonly DaemonService[]) => string,
): string {
  const daemons = services.filter((service) => service.manager === 'daemon');
  return daemons.length > 0 ? build(daemons) : '';
}
