import { InterruptedError, OperationError } from '../errors.ts';
import type { StepLogState } from './step-log.ts';
import { describeStep, type HostStep } from './step.ts';

/** A step failed on a host, or the host was lost. What was done before stays done; nothing after it was begun. */
export class StepFailedError extends OperationError {
  readonly done: readonly HostStep[];
  /** undefined: the host was lost while nothing was under way. */
  readonly failed: HostStep | undefined;
  readonly notDone: readonly HostStep[];

  constructor(host: string, state: StepLogState, cause?: OperationError) {
    const { current } = state;
    super(messageOf(host, state, cause), {
      host,
      hints: [...(cause?.hints ?? []), ...(current ? lookAt(current) : []), ...accountOf(host, state)],
      ...(current && 'service' in current && { node: current.service.node }),
      ...(cause && { cause }),
    });
    this.done = state.done;
    this.failed = current;
    this.notDone = state.notDone;
  }
}

/** The operator interrupted: the step that was under way is done, those after it were not begun. */
export function interruptedBetweenSteps(host: string, state: StepLogState): InterruptedError {
  return new InterruptedError(`${host}: stopped between two steps`, {
    host,
    hints: [...accountOf(host, state), 'Run the same command again: it goes on from what is there.'],
  });
}

function messageOf(host: string, state: StepLogState, cause: OperationError | undefined): string {
  const doing = state.current ? describeStep(state.current) : 'the next step';
  if (cause) return `${host}: lost during "${doing}": ${cause.message}`;
  if (state.code === undefined) return `${host}: "${doing}" was cut short`;
  const said = state.output.map((line) => `\n  ${line}`).join('');
  return `${host}: could not ${doing} (exit ${state.code})${said}`;
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
