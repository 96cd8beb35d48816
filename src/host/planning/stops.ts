import type { Facts } from '../facts.ts';
import { isRunning } from '../services.ts';
import type { HostStep } from '../step.ts';
import type { Service } from '../service.ts';

/** The steps that have every service stopped. What systemd is trying to start is stopped as well. */
export const planStop = (services: readonly Service[], facts: Facts): readonly HostStep[] =>
  services
    .filter((service) => isRunning(service, facts) || isBeingStarted(service, facts))
    .map((service) => ({ kind: 'stop-service', service }) as const);

const isBeingStarted = (service: Service, facts: Facts): boolean =>
  service.manager === 'systemd' &&
  ['activating', 'reloading', 'deactivating'].includes(facts.units[service.unit]?.active ?? '');
