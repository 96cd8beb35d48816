import type { Facts } from './facts.ts';

/** Start times are read to a second, and a unit is written right before its first start. */
const toleranceMs = 2_000;

/** The node's process is older than the unit file (a path) on its host; false where either is not there. */
export function runsOlderUnit(facts: Facts, unit: string | undefined, node: string): boolean {
  const file = unit === undefined ? undefined : facts.files[unit];
  const process = facts.processes[node];
  return file !== undefined && process !== undefined && file.modified > process.started + toleranceMs;
}

/** The node's executable was replaced on disk while it ran, as an upgrade of the package does. */
export function runsReplacedServer(facts: Facts, node: string): boolean {
  return facts.processes[node]?.executable.endsWith(' (deleted)') === true;
}
