import type { ApplyOptions } from '../host/apply.ts';
import { describeStep } from '../host/step.ts';
import type { Emit } from './events.ts';

/** ms that a wait may take without a word. */
const silenceMs = 5_000;

/** The most that one line names. */
const mostNamed = 3;

/** Says once, when a wait has taken some seconds, what it is that is waited for. */
export function createWaitTeller(emit: Emit): (missing: readonly string[]) => void {
  const since = performance.now();
  let isTold = false;
  return (missing) => {
    if (isTold || missing.length === 0 || performance.now() - since < silenceMs) return;
    isTold = true;
    const rest = missing.length > mostNamed ? `; and ${missing.length - mostNamed} more` : '';
    emit({ type: 'warning', message: `still waiting: ${missing.slice(0, mostNamed).join('; ')}${rest}` });
  };
}

/** How much of a last line is shown. */
const mostLine = 200;

/** Says what a step of a host waits for, and which takes long, with the last line of what it waits for. */
export function waitTellers(emit: Emit, host: string): Required<Pick<ApplyOptions, 'onWait' | 'onSlow'>> {
  return {
    onWait: (message) => emit({ type: 'warning', message: `${host}: ${message}` }),
    onSlow: (step, { seconds, line }) => {
      const last = line === '' ? '' : `; the last line: ${line.slice(0, mostLine)}`;
      const message = `still waiting after ${seconds} s: ${describeStep(step)}${last}`;
      emit({ type: 'warning', host, message });
    },
  };
}
