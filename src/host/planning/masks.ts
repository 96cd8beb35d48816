import type { DesiredHost } from './input.ts';
import type { Facts, Listener } from '../facts.ts';
import { distributionUnits } from '../packages.ts';

/** The port of a distribution's own server, as all of them configure it. */
const distributionPort = 6379;

type Input = { readonly facts: Facts; readonly desired: DesiredHost };

/** A unit of the distribution's that runs and has one of our ports. */
export type Obstruction = {
  readonly unit: string;
  readonly listener: Listener;
  readonly keys: number | undefined;
};

/**
 * Units to stop and mask: one that has a port of ours while it runs, provided that it holds no keys (else
 * `requireHost` refuses, and the operator decides), and one that would take such a port at the next boot. A
 * server of the distribution's on a port that no node wants is left alone.
 */
export function unitsInTheWay(input: Input): readonly { readonly unit: string; readonly why: string }[] {
  const running = obstructions(input)
    .filter(({ keys }) => keys === 0)
    .map(({ unit, listener }) => ({
      unit,
      why: `it is empty and has port ${listener.port}, which a node needs`,
    }));
  const { facts, desired } = input;
  const wanted = desired.services.some(({ port }) => port === distributionPort);
  const atBoot = distributionUnits.filter((unit) => {
    const state = facts.units[unit];
    return wanted && state?.enabled === 'enabled' && state.active !== 'active';
  });
  return [
    ...running,
    ...atBoot.map((unit) => ({
      unit,
      why: `it would take port ${distributionPort} at boot, which a node needs`,
    })),
  ];
}

/** Running units of the distribution's on ports of ours. Aliases of one unit count once, by the process. */
export function obstructions({ facts }: Input): readonly Obstruction[] {
  const seen = new Set<number>();
  return Object.entries(facts.foreignServers).flatMap(([unit, { pid, keys }]) => {
    const listener = facts.listeners.find((candidate) => candidate.pid === pid);
    if (!listener || seen.has(pid)) return [];
    seen.add(pid);
    return [{ unit, listener, keys }];
  });
}
