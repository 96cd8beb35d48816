import type { Facts } from './facts.ts';

/** Start times are read to a second, and files are written right before the first start. */
const toleranceMs = 2_000;

/** A file of later than that was written by another clock: no process will ever be younger. */
const futureMs = 5 * 60_000;

/**
 * The node's process is older than a file (a path) on its host, its unit or its configuration; false where
 * either is not there.
 */
export function runsOlderFile(facts: Facts, path: string | undefined, node: string): boolean {
  const file = path === undefined ? undefined : facts.files[path];
  const process = facts.processes[node];
  if (file === undefined || process === undefined) return false;
  return file.modified > process.started + toleranceMs && file.modified < facts.clock.now + futureMs;
}

/** The node's executable was replaced on disk while it ran, as an upgrade of the package does. */
export function runsReplacedServer(facts: Facts, node: string): boolean {
  return facts.processes[node]?.executable.endsWith(' (deleted)') === true;
}

/** What was renewed on the host since the node's process started, a clause each; `unit` is a path. */
export const renewedSince = (facts: Facts, unit: string | undefined, node: string): readonly string[] => [
  ...(runsOlderFile(facts, unit, node) ? ['its systemd unit was changed'] : []),
  ...(facts.server.installed && runsReplacedServer(facts, node) ? ['the server was replaced'] : []),
];
