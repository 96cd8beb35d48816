import { maskLogLine } from '../render/mask.ts';
import type { HostStep } from './step.ts';

/**
 * What a host says of the steps of one run, line by line: `MARKER pid PID` first, `MARKER launch INDEX COUNT`
 * before it begins several steps at once, each step between `MARKER begin INDEX` and `MARKER end INDEX CODE`
 * with its output between, `MARKER stopped` when it was told to stop, `MARKER wait TEXT` when a step takes
 * long, `MARKER waiting TEXT` with the last line of what it waits for, `MARKER fenced` when the lock was not
 * held any more.
 */
export type StepLog = {
  readonly onLine: (line: string) => void;
  readonly state: () => StepLogState;
};

export type StepLogState = {
  /** The script's process on the host; undefined before it said so. */
  readonly pid: number | undefined;
  /** It was told to stop and did, between two steps. */
  readonly stopped: boolean;
  /** The lock was not held on the host any more: the next step was not begun. */
  readonly fenced: boolean;
  readonly done: readonly HostStep[];
  /** More than one where several services were started together. */
  readonly failed: readonly FailedStep[];
  /** The step that was begun and has not ended; undefined between two. */
  readonly current: HostStep | undefined;
  /** Begun along with an earlier one, and not waited for: what became of them was not seen. */
  readonly launched: readonly HostStep[];
  /** Those that were not begun. */
  readonly notDone: readonly HostStep[];
  /** The last lines that `current` printed. */
  readonly output: readonly string[];
  /** The last line that `current` printed, or of what it waits for. */
  readonly latest: string;
};

export type FailedStep = {
  readonly step: HostStep;
  readonly code: number;
  readonly output: readonly string[];
};

/** How much of a step's output is kept. */
const outputLines = 45;

export type StepListener = {
  readonly onPid: (pid: number) => void;
  readonly onWait: (message: string) => void;
  readonly onStep: (step: HostStep, state: 'started' | 'done') => void;
};

export function createStepLog(steps: readonly HostStep[], marker: string, listener: StepListener): StepLog {
  let state: StepLogState = {
    pid: undefined,
    stopped: false,
    fenced: false,
    done: [],
    failed: [],
    current: undefined,
    launched: [],
    notDone: steps,
    output: [],
    latest: '',
  };
  const onMarker = (word: string, [first = '', second]: readonly string[]): void => {
    const step = steps[Number(first)];
    const before = state;
    state = { ...state, ...change(state, word, { first, second, steps }) };
    if (word === 'pid') listener.onPid(Number(first));
    else if (word === 'begin' || word === 'launch')
      for (const begun of before.notDone.slice(0, before.notDone.length - state.notDone.length))
        listener.onStep(begun, 'started');
    else if (word === 'end' && second === '0' && step) listener.onStep(step, 'done');
  };
  return {
    state: () => state,
    onLine: (line) => {
      if (line.startsWith(`${marker} `)) {
        const [, word = '', ...rest] = line.split(' ');
        if (word === 'wait') listener.onWait(maskLogLine(rest.join(' ')));
        else if (word === 'waiting') state = { ...state, latest: maskLogLine(rest.join(' ')) };
        else onMarker(word, rest);
      } else if (line.trim() !== '') {
        const shown = maskLogLine(line);
        state = { ...state, output: [...state.output, shown].slice(-outputLines), latest: shown };
      }
    },
  };
}

function change(
  state: StepLogState,
  word: string,
  said: { readonly first: string; readonly second: string | undefined; readonly steps: readonly HostStep[] },
): Partial<StepLogState> {
  const index = Number(said.first);
  const step = said.steps[index];
  if (word === 'pid') return { pid: index };
  if (word === 'stopped') return { stopped: true };
  if (word === 'fenced') return { fenced: true };
  if (!step) return {};
  if (word === 'launch') {
    const end = index + Number(said.second);
    return { launched: said.steps.slice(index, end), notDone: said.steps.slice(end) };
  }
  if (word === 'begin') {
    const launched = state.launched.filter((each) => each !== step);
    const notDone = said.steps.slice(index + 1 + launched.length);
    return { current: step, launched, notDone, output: [], latest: '' };
  }
  if (said.second === '0') return { current: undefined, done: [...state.done, step] };
  const failure = { step, code: Number(said.second), output: state.output };
  return { current: undefined, failed: [...state.failed, failure] };
}
