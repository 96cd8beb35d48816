import { OperationError } from '../../base/errors.ts';
import { applySteps, type ApplyOptions } from '../../host/apply.ts';
import { runChange } from '../../host/change.ts';
import type { Service } from '../../host/service.ts';
import type { NodeService } from '../../failover/restart-node.ts';

/**
 * kill: SIGKILL, as a crash or the kernel's out-of-memory killer. stop: the service manager's orderly stop.
 */
export type DrillKind = 'kill' | 'stop';

/**
 * Brings a node's process down and keeps its service manager from starting it again. Resolves to when, by
 * performance.now(). `tell` is told what a long stop waits for. Throws OperationError when it does not run.
 */
export async function bringDown(
  { shell, service, stop }: NodeService,
  how: DrillKind,
  tell: Pick<ApplyOptions, 'onWait' | 'onSlow'>,
): Promise<number> {
  if (how === 'stop') {
    const began = performance.now();
    await applySteps(shell, stop, tell);
    return began;
  }
  let downAt: number | undefined;
  const { code, stderr } = await runChange(shell, {
    change: `kill ${service.node}`,
    script: killScript(service),
    stdin: `${service.manager === 'systemd' ? service.unit : service.pidFile}\n`,
    asRoot: true,
    onLine: (line) => {
      if (line === 'killed') downAt = performance.now();
    },
  });
  if (code === 0 && downAt !== undefined) return downAt;
  throw new OperationError(`could not kill the process: ${stderr.trim() || 'it does not run'}`, {
    host: shell.host,
    node: service.node,
  });
}

/** systemd would start the unit again at once (Restart=): it is stopped in the same breath. */
const killScript = (service: Service): string =>
  service.manager === 'systemd'
    ? `read -r unit
pid=$(systemctl show -p MainPID --value "$unit") && [ "$pid" -gt 0 ] && kill -KILL "$pid" && echo killed || exit 1
systemctl stop "$unit"`
    : `read -r file
pid=$(head -n 1 "$file") && kill -KILL "$pid" && echo killed`;
