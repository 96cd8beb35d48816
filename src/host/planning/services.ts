import type { Facts } from '../facts.ts';
import type { PlanInput } from './input.ts';
import { isEnabled } from '../services.ts';
import type { HostStep } from '../step.ts';
import type { Service } from '../service.ts';
import { planFiles } from './files.ts';
import { planDesiredStarts } from './starts.ts';

/**
 * Enable, let systemd read its units, start: in this order one reload serves both. A node that runs keeps
 * running, also when its unit was changed: that takes effect with its next restart.
 */
export function planServices(input: PlanInput): readonly HostStep[] {
  const { facts, desired } = input;
  const enable = desired.services
    .filter((service) => !isEnabled(service, facts))
    .map((service) => ({ kind: 'enable-service', service }) as const);
  const needsReload =
    enable.length > 0 || writesUnit(input) || desired.services.some((service) => isStale(service, facts));
  return [
    ...enable,
    ...(needsReload ? [{ kind: 'reload-units', units: unitsOf(desired.services) } as const] : []),
    ...planDesiredStarts(input).steps,
  ];
}

const unitsOf = (services: readonly Service[]): readonly string[] =>
  services.flatMap((service) => (service.manager === 'systemd' ? [service.unit] : []));

const isStale = (service: Service, facts: Facts): boolean =>
  service.manager === 'systemd' && facts.units[service.unit]?.needsReload === true;

const writesUnit = (input: PlanInput): boolean =>
  planFiles(input).some(
    (step) => step.kind === 'write-file' && step.file.path === input.desired.layout.shared?.unit,
  );
