import type { Inventory } from '../../inventory/inventory.ts';
import type { Check } from '../check.ts';
import { byHand, onHost, ours } from '../remedy.ts';

/** Apart by more than this, keys expire at noticeably other times after a failover. */
const skewMs = 1000;

/** The hosts' clocks agree with each other; whether ours is right does not matter to the cluster. */
export const clock: Check = {
  name: 'clocks',
  section: 'host',
  run: ({ inventory, hosts }) => {
    const clocks = inventory.hosts.flatMap(({ name }) => {
      const facts = hosts[name];
      return facts?.reachable ? [{ name, ...facts.facts.clock }] : [];
    });
    const sorted = clocks.map(({ offsetMs }) => offsetMs).toSorted((a, b) => a - b);
    // An even number has no middle: the lower one is a clock that exists.
    const usual = sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
    return clocks.flatMap(({ name, offsetMs, uncertaintyMs, synchronized }) => {
      const apart = offsetMs - usual;
      if (Math.abs(apart) - uncertaintyMs <= skewMs) return [];
      return [
        {
          id: 'WR-CLOCK-SKEW',
          severity: 'warning',
          title: `the clock of ${name} is ${(Math.abs(apart) / 1000).toFixed(1)} s ${apart > 0 ? 'ahead' : 'behind'}`,
          shared: { by: name, title: 'the clocks of {} differ from those of the other hosts' },
          nodes: [],
          hosts: [name],
          seen: `${Math.round(apart)} ms from the other hosts (± ${Math.round(uncertaintyMs)} ms), ${synchronized === true ? 'kept by a time service' : 'no time service keeps it'}`,
          expected: `within ${skewMs} ms of the other hosts`,
          why: 'Keys with a time to live expire early or late when a replica there takes over.',
          remedy: keepInTime(inventory, name, synchronized === true),
        },
      ];
    });
  },
};

/** set-ntp fails where no time service is installed, and changes nothing where one runs. */
function keepInTime(inventory: Inventory, name: string, isKept: boolean): readonly string[] {
  return isKept
    ? [
        byHand(`on ${name}, have its time service ask the servers that the other hosts ask`),
        ours(inventory, 'check'),
      ]
    : [
        byHand(`where ${name} has no time service, install one first: chrony, or systemd-timesyncd`),
        onHost(inventory, name, 'timedatectl set-ntp true'),
      ];
}
