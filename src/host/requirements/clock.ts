import type { ClockFacts } from '../facts.ts';
import type { HostProblem } from './problem.ts';

/**
 * How far a clock may be off, ms. Replicas take over keys with the instants of their expiry, so after a
 * failover keys live longer or shorter by the difference of the two hosts' clocks.
 */
const toleranceMs = 5_000;

export type HostClock = { readonly host: string; readonly clock: ClockFacts };

/**
 * The clocks of all hosts and of the operator together: who is off from what most of them say. One that
 * nothing keeps in time is a warning.
 */
export function requireClocks(clocks: readonly HostClock[]): readonly HostProblem[] {
  // The operator's own clock is one of them, and decides where there is only one other.
  const offsets = [0, ...clocks.map(({ clock }) => clock.offsetMs)].toSorted((one, other) => one - other);
  const middle = offsets[Math.floor((offsets.length - 1) / 2)] ?? 0;
  const agreed = offsets.length === 2 ? 0 : middle;
  const off = clocks.flatMap((clock) => judgeHost(clock, agreed));
  if (Math.abs(agreed) <= toleranceMs) return off;
  const [first] = clocks;
  return first ? [...off, operatorIsOff(first.host, agreed)] : off;
}

function judgeHost({ host, clock }: HostClock, agreed: number): readonly HostProblem[] {
  const difference = clock.offsetMs - agreed;
  if (Math.abs(difference) > toleranceMs + clock.uncertaintyMs) {
    const than = agreed === 0 ? "this machine's" : "the other hosts'";
    return [
      {
        id: 'clock-off',
        kind: 'failed',
        host,
        message: `${host}: its clock is ${describe(difference)} of ${than}`,
        hints: [`Set it, and have it kept: ${keep(host)}`],
      },
    ];
  }
  if (clock.synchronized !== false) return [];
  return [
    {
      id: 'clock-unsynchronized',
      kind: 'warning',
      host,
      message: `${host}: nothing keeps its clock in time`,
      hints: [keep(host)],
    },
  ];
}

const operatorIsOff = (host: string, agreed: number): HostProblem => ({
  id: 'clock-operator',
  kind: 'warning',
  host,
  message: `this machine's clock is ${describe(-agreed)} of what the hosts agree on`,
  hints: ['The hosts are fine; set the clock here.'],
});

const describe = (ms: number): string =>
  `${Number(Math.abs(ms / 1000).toFixed(1))} s ${ms > 0 ? 'ahead' : 'behind'}`;

/** set-ntp fails where no time service is installed. */
const keep = (host: string): string =>
  `on ${host}, install chrony or systemd-timesyncd where there is neither, then: timedatectl set-ntp true`;
