import type { Facts } from './facts.ts';

/** Start times are read to a second, and files are written right before the first start. */
const toleranceMs = 2_000;

/**
 * The node's process is older than a file (a path) on its host, its unit or its configuration; false where
 * either is not there.
 */
export function runsOlderFile(facts: Facts, path: string | undefined, node: string): boolean {
  const file = path === undefined ? undefined : facts.files[path];
  const process = facts.processes[node];
  return file !== undefined && process !== undefined && file.modified > process.started + toleranceMs;
}

/** The node's executable was replaced on disk while it ran, as an upgrade of the package does. */
export function runsReplacedServer(facts: Facts, node: string): boolean {
  return facts.processes[node]?.executable.endsWith(' (deleted)') === true;
}
