import { InterruptedError, OperationError, runAgain } from '../base/errors.ts';
import type { StepLogState } from './step-log.ts';
import { describeStep, type HostStep } from './step.ts';

/**
 * A step failed on a host, or the host was lost. What was done before stays done; `notDone` was not begun.
 */
export class StepFailedError extends OperationError {
  readonly done: readonly HostStep[];
  /** The steps that failed, or the one that was under way when the host was lost. */
  readonly failed: readonly HostStep[];
  readonly notDone: readonly HostStep[];

  constructor(host: string, state: StepLogState, cause?: OperationError) {
    const failed = [...state.failed.map(({ step }) => step), ...(state.current ? [state.current] : [])];
    const node = failed.flatMap((step) => ('service' in step ? [step.service.node] : []))[0];
    super(messageOf(host, state, cause), {
      host,
      hints: [
        ...(cause?.hints ?? []),
        ...failed.flatMap(lookAt),
        ...underWay(host, state.launched),
        ...accountOf(host, state),
      ],
      ...(node !== undefined && { node }),
      ...(cause && { cause }),
    });
    this.done = state.done;
    this.failed = failed;
    this.notDone = state.notDone;
  }
}

/**
 * The operator interrupted: the step that was under way is done, or the ones that were begun are no longer
 * waited for; those after them were not begun.
 */
export function interruptedBetweenSteps(host: string, state: StepLogState): InterruptedError {
  const begun = [...(state.current ? [state.current] : []), ...state.launched];
  const waited = begun.some(({ kind }) => kind === 'start-service') ? 'a start' : 'a stop';
  return new InterruptedError(
    `${host}: ${begun.length > 0 ? `stopped waiting for ${waited}` : 'stopped between two steps'}`,
    {
      host,
      hints: [...underWay(host, begun), ...accountOf(host, state), runAgain],
    },
  );
}

/** Starts and stops that were no longer waited for: the service manager or the server continues. */
const underWay = (host: string, begun: readonly HostStep[]): readonly string[] =>
  begun.length > 0 ? [`Begun on ${host} and not waited for any longer: ${listSteps(begun)}.`] : [];

function messageOf(host: string, state: StepLogState, cause: OperationError | undefined): string {
  const failures = state.failed.map(({ step, code, output }) => {
    const said = output.map((line) => `\n  ${line}`).join('');
    return `${host}: could not ${describeStep(step)} (exit ${code})${said}`;
  });
  if (state.fenced && cause) return `${host}: ${cause.message}`;
  if (failures.length > 0 && !cause) return failures.join('\n');
  const [doubtful] = [...(state.current ? [state.current] : []), ...state.launched];
  const doing = doubtful ? describeStep(doubtful) : 'the next step';
  const lost = cause ? `lost during "${doing}": ${cause.message}` : `"${doing}" was cut short`;
  return [...failures, `${host}: ${lost}`].join('\n');
}

function accountOf(host: string, { done, notDone }: StepLogState): readonly string[] {
  return [`Done on ${host} before: ${listSteps(done)}.`, `Not done on ${host}: ${listSteps(notDone)}.`];
}

/** `start redis1:7000; start redis1:7003` */
export const listSteps = (steps: readonly HostStep[]): string =>
  steps.length === 0 ? 'nothing' : steps.map(describeStep).join('; ');

/** Where an operator looks next. */
function lookAt(step: HostStep): readonly string[] {
  if (!('service' in step)) return [];
  const { service } = step;
  return service.manager === 'systemd'
    ? [`Look at: systemctl status ${service.unit}; journalctl -u ${service.unit}; ${service.logFile}`]
    : [`Look at: ${service.logFile}; the configuration is ${service.configFile}`];
}
