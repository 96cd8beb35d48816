import type { Facts } from '../facts.ts';
import { isRunning } from '../services.ts';
import type { Service, SystemdService } from '../service.ts';
import type { HostProblem } from './problem.ts';
import type { Requirement } from './requirement.ts';

/** The units that an operator masked: systemd neither starts nor enables them until they are unmasked. */
export const maskedUnits = (
  services: readonly Service[],
  { units }: Pick<Facts, 'units'>,
): readonly SystemdService[] =>
  services.flatMap((service) =>
    service.manager === 'systemd' && units[service.unit]?.load === 'masked' ? [service] : [],
  );

/**
 * As the commands say it; `host` is the inventory's name. A unit can be masked for good, until the next boot,
 * or both.
 */
export const maskedProblem = (host: string, { node, unit }: SystemdService): HostProblem => ({
  id: 'unit-masked',
  kind: 'failed',
  host,
  node,
  message: `${node}: its unit ${unit} is masked: systemd does not start it`,
  hints: [
    `If it may run again, as root on ${host}: systemctl unmask ${unit} && systemctl unmask --runtime ${unit}`,
    'Then run the same command again.',
  ],
});

/** A masked unit that runs keeps running, but would not come back after a reboot. */
export const requireUnmasked: Requirement = ({ host, facts, desired }) =>
  maskedUnits(desired.services, facts).map((service) => maskedProblem(host.name, service));

/** Those of the services that are to be started. */
export const maskedAndDown = (
  services: readonly Service[],
  facts: Pick<Facts, 'units' | 'processes'>,
): readonly SystemdService[] => maskedUnits(services, facts).filter((service) => !isRunning(service, facts));
