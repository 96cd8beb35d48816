import { randomBytes } from 'node:crypto';
import { OperationError } from '../base/errors.ts';
import type { Shell } from '../ssh/shell.ts';
import { scriptsFor } from './script.ts';
import { interruptedBetweenSteps, StepFailedError } from './step-failure.ts';
import { stoppedCode } from './scripts/signs-of-life.ts';
import { createStepLog, type StepLog, type StepLogState } from './step-log.ts';
import { describeStep, type HostStep } from './step.ts';

export type ApplyOptions = {
  /** Called when a step begins and when it is done, as the host says it. */
  readonly onStep?: (step: HostStep, state: 'started' | 'done') => void;
  /** Called with what a step that takes long is waiting for, as the host says it. */
  readonly onWait?: (message: string) => void;
  /**
   * Called when a step has taken long, and again each time that has doubled: after how many seconds, and the
   * last line that it printed or, for a node that starts or stops, of the node's log ('' where there is
   * none).
   */
  readonly onSlow?: (step: HostStep, wait: { readonly seconds: number; readonly line: string }) => void;
  /**
   * Aborted: the step under way is finished, nothing after it begun, and InterruptedError thrown. Starts that
   * were begun are not waited for.
   */
  readonly signal?: AbortSignal;
  /**
   * The steps belong together, such as a stop and a start: an interruption ends only the waiting for a start.
   */
  readonly isWhole?: boolean;
};

/**
 * Does the steps on one host, in order, as root where the host's `become` allows: all in one run, so one
 * round trip. Stops at the first that fails. Throws StepFailedError (an OperationError with what was done and
 * what was not), also when the connection is lost.
 */
export async function applySteps(
  shell: Shell,
  steps: readonly HostStep[],
  { onStep, onWait, onSlow, signal, isWhole = false }: ApplyOptions = {},
): Promise<void> {
  if (steps.length === 0) return;
  const { guard } = shell;
  guard?.demand();
  const marker = `step-${randomBytes(12).toString('hex')}`;
  const log = createStepLog(steps, marker, {
    onPid: () => signal?.aborted && onAbort(),
    onWait: (message) => onWait?.(message),
    onStep: (step, state) => {
      if (state === 'started') guard?.note(`${describeStep(step)} on ${shell.host}`);
      onStep?.(step, state);
    },
  });
  const watch = watchLongSteps(log, onSlow);
  const onAbort = (): void => stopScript(shell, log.state().pid, isWhole);
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    await shell.run({
      script: applyScript(steps, marker, guard?.fence),
      asRoot: true,
      timeoutMs: steps.reduce((sum, step) => sum + deadlineOf(step), 0),
      onLine: log.onLine,
    });
  } catch (error) {
    if (!(error instanceof OperationError)) throw error;
    const state = log.state();
    // What the host did after the connection was lost nobody has seen.
    if (state.done.length + state.launched.length + (state.current ? 1 : 0) === 0)
      guard?.note(`perhaps ${steps.map(describeStep)[0]} on ${shell.host}`);
    throw new StepFailedError(shell.host, state, error);
  } finally {
    watch.stop();
    signal?.removeEventListener('abort', onAbort);
  }
  demandDone(shell, steps, log.state());
}

function demandDone({ host, guard }: Shell, steps: readonly HostStep[], state: StepLogState): void {
  if (state.fenced && guard) throw new StepFailedError(host, state, guard.fenced());
  if (state.stopped) throw interruptedBetweenSteps(host, state);
  if (state.done.length < steps.length) throw new StepFailedError(host, state);
}

/**
 * Each step between its two lines of the marker, as `createStepLog` reads them. The process says its own pid
 * (`$$` would be its parent's) and on SIGTERM stops before the next step; a step's own processes never get
 * that signal. A step that takes long says what it waits for with `tell_wait TEXT`. Before each step it runs
 * `fence` (`ChangeGuard`), in the same run: a step of minutes may have outlived the lock.
 */
export function applyScript(steps: readonly HostStep[], marker: string, fence = ':'): string {
  const scripts = scriptsFor(steps).map(
    ({ prepare, begins, body, together }, index) => `
[ -z "$stop" ] || { echo '${marker} stopped'; exit 1; }
( ${fence} ) </dev/null >/dev/null 2>&1 || { echo '${marker} fenced'; exit 1; }
${prepare && `echo '${marker} launch ${index} ${begins}'\n{\n${prepare}\n} </dev/null >/dev/null 2>&1`}
echo '${marker} begin ${index}'
(
trap - TERM
set -e
${body}
) </dev/null 2>&1
code=$?
[ $code != ${stoppedCode} ] || [ ! -d "$stopped" ] || { echo '${marker} stopped'; exit 1; }
printf '\\n%s %s\\n' '${marker} end ${index}' $code
${together ? '[ $code = 0 ] || failed=$code' : '[ "$code$failed" = 0 ] || exit 1'}`,
  );
  return `export LC_ALL=C
stop= failed=
tell_wait() { printf '\\n%s %s\\n' '${marker} wait' "$1"; }
trap 'stop=yes' TERM
begin=$(date +%s)
read -r self rest </proc/self/stat
marker=${marker}
${stoppedFolder('$self')}
rmdir "$stopped" 2>/dev/null
trap 'rmdir "$stopped" 2>/dev/null' EXIT
echo "${marker} pid $self"
${scripts.join('\n')}
`;
}

function stopScript(shell: Shell, pid: number | undefined, isWhole: boolean): void {
  // Before it said its pid it has begun nothing; it is told when it does.
  if (pid === undefined) return;
  // A connection that is lost just now ends the run itself, and says so there.
  const script = `${isWhole ? '' : `kill -TERM ${pid}`}
${stoppedFolder(String(pid))}
mkdir "$stopped"
kill -0 ${pid} || rmdir "$stopped"`;
  shell.run({ script, asRoot: true }).catch(() => undefined);
}

/**
 * sh that sets `$stopped`: a signal cannot be seen by what the script waits for, a folder can. Made by mkdir,
 * which follows no link, where others may write.
 */
const stoppedFolder = (pid: string): string =>
  `stopped=/run; [ "$(id -u)" = 0 ] || stopped=\${TMPDIR:-/tmp}; stopped=$stopped/weedgo-redis.stop.${pid}`;

const firstWaitSeconds = 15;

/** Tells of a step that takes long, at twice the time each time. */
function watchLongSteps(log: StepLog, onSlow: ApplyOptions['onSlow']): { readonly stop: () => void } {
  let step: HostStep | undefined;
  let [since, next] = [0, 0];
  const timer = setInterval(() => {
    const { current, latest } = log.state();
    const now = performance.now();
    if (current !== step) [step, since, next] = [current, now, firstWaitSeconds];
    const seconds = Math.round((now - since) / 1000);
    if (!current || seconds < next) return;
    next = 2 * seconds;
    onSlow?.(current, { seconds, line: latest });
  }, 1000);
  return { stop: () => clearInterval(timer) };
}

const minute = 60_000;
/** Milliseconds that a step may take; installations wait for mirrors, servers load and save their data. */
const deadlines: Readonly<Partial<Record<HostStep['kind'], number>>> = {
  'refresh-packages': 15 * minute,
  'install-packages': 15 * minute,
  'start-service': 60 * minute,
  'stop-service': 60 * minute,
};
const deadlineOf = (step: HostStep): number => deadlines[step.kind] ?? minute;
