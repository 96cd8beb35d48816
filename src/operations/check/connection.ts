import type { OperationError } from '../../base/errors.ts';
import type { Host } from '../../inventory/inventory.ts';
import { ConnectError, type ConnectStage } from '../../ssh/connect-error.ts';
import type { Shell } from '../../ssh/shell.ts';
import type { CheckLine } from './lines.ts';

/** The lines of a connection, in the order in which it is made, and the stages that each stands for. */
const connectionChecks: readonly { readonly check: string; readonly stages: readonly ConnectStage[] }[] = [
  { check: 'name', stages: ['config', 'resolve'] },
  { check: 'tcp', stages: ['tcp', 'handshake'] },
  { check: 'host key', stages: ['host-key'] },
  { check: 'authentication', stages: ['authentication', 'session'] },
  { check: 'root', stages: ['privilege'] },
];

/** How far the connection to a host came. `error`: why it ended there; undefined when all of it works. */
export function connectionLines(
  host: Host,
  shell: Shell | undefined,
  error: OperationError | undefined,
): readonly CheckLine[] {
  if (host.connection === 'local')
    return [line('connection', 'ok', 'this machine, as the user who runs the tool')];
  const reached = stageOf(shell, error);
  const index = connectionChecks.findIndex(({ stages }) => reached !== undefined && stages.includes(reached));
  return connectionChecks.map(({ check }, position) => {
    if (index === -1 || position < index) return line(check, 'ok', describe(check, host, shell));
    return position === index && error
      ? { check, outcome: 'failed', detail: error.message, hints: error.hints }
      : line(check, 'unknown', '');
  });
}

/** The stage that failed; undefined: none. What fails after the connection is made is privilege's. */
function stageOf(shell: Shell | undefined, error: OperationError | undefined): ConnectStage | undefined {
  if (!error) return undefined;
  if (error instanceof ConnectError) return error.stage;
  return shell ? 'privilege' : 'tcp';
}

function describe(check: string, { address, ssh }: Host, shell: Shell | undefined): string {
  switch (check) {
    case 'name':
      return address;
    case 'authentication':
      return [ssh.user, shell && `over ${shell.transport}`, shell?.reason && `(${shell.reason})`]
        .filter(Boolean)
        .join(' ');
    default:
      return '';
  }
}

const line = (check: string, outcome: CheckLine['outcome'], detail: string): CheckLine => ({
  check,
  outcome,
  detail,
  hints: [],
});
