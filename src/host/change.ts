import type { RunRequest, RunResult, Shell } from '../ssh/shell.ts';

/** A script's exit code for "the lock is not held here any more". */
const fencedExit = 97;

/**
 * Runs a script that changes something on the host, unless the cluster's lock was lost: asked here and, in
 * the same run, on the host. `change` says what, for the account. Throws as `Shell.run` does, and the guard's
 * OperationError.
 */
export async function runChange(
  shell: Shell,
  request: RunRequest & { readonly change: string },
): Promise<RunResult> {
  const { guard } = shell;
  if (!guard) return shell.run(request);
  guard.demand();
  const result = await shell.run({
    ...request,
    script: `( ${guard.fence} ) </dev/null >/dev/null 2>&1 || exit ${fencedExit}\n${request.script}`,
  });
  if (result.code === fencedExit) throw guard.fenced();
  guard.note(`${request.change} on ${shell.host}`);
  return result;
}
