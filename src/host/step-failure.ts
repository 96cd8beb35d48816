import { InterruptedError, OperationError } from '../base/errors.ts';
import type { StepLogState } from './step-log.ts';
import { describeStep, type HostStep } from './step.ts';

/**
 * A step failed on a host, or the host was lost. What was done before stays done; nothing after it was begun.
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
      hints: [...(cause?.hints ?? []), ...failed.flatMap(lookAt), ...accountOf(host, state)],
      ...(node !== undefined && { node }),
      ...(cause && { cause }),
    });
    this.done = state.done;
    this.failed = failed;
    this.notDone = state.notDone;
  }
}

/**
 * The operator interrupted: the step that was under way is done, or a start that is no longer waited for;
 * those after it were not begun.
 */
export function interruptedBetweenSteps(host: string, state: StepLogState): InterruptedError {
  return new InterruptedError(
    `${host}: ${state.current ? 'stopped waiting for a start' : 'stopped between two steps'}`,
    {
      host,
      hints: [
        ...underWay(host, state),
        ...accountOf(host, state),
        'Run the same command again: it resumes from what is there.',
      ],
    },
  );
}

/** A start that was no longer waited for: its service manager continues with it. */
function underWay(host: string, { current }: StepLogState): readonly string[] {
  return current ? [`Begun on ${host} and not waited for any longer: ${describeStep(current)}.`] : [];
}

function messageOf(host: string, state: StepLogState, cause: OperationError | undefined): string {
  const failures = state.failed.map(({ step, code, output }) => {
    const said = output.map((line) => `\n  ${line}`).join('');
    return `${host}: could not ${describeStep(step)} (exit ${code})${said}`;
  });
  if (state.fenced && cause) return `${host}: ${cause.message}`;
  if (failures.length > 0 && !cause) return failures.join('\n');
  const doing = state.current ? describeStep(state.current) : 'the next step';
  const lost = cause ? `lost during "${doing}": ${cause.message}` : `"${doing}" was cut short`;
  return [...failures, `${host}: ${lost}`].join('\n');
}

function accountOf(host: string, { done, notDone }: StepLogState): readonly string[] {
  return [`Done on ${host} before: ${list(done)}.`, `Not done: ${list(notDone)}.`];
}

const list = (steps: readonly HostStep[]): string =>
  steps.length === 0 ? 'nothing' : steps.map(describeStep).join('; ');

/** Where an operator looks next. */
function lookAt(step: HostStep): readonly string[] {
  if (!('service' in step)) return [];
  const { service } = step;
  return service.manager === 'systemd'
    ? [`Look at: systemctl status ${service.unit}; journalctl -u ${service.unit}; ${service.logFile}`]
    : [`Look at: ${service.logFile}; the configuration is ${service.configFile}`];
}
