import { throwIfInterrupted } from '../base/wait.ts';
import type { Emit } from './events.ts';

export type StageTiming = {
  readonly stage: string;
  readonly title: string;
  readonly durationMs: number;
  readonly outcome: 'changed' | 'unchanged' | 'failed';
};

/** What a stage resolves to: its value, and whether anything was changed by it. */
export type StageResult<T> = { readonly value: T; readonly changed: boolean };

/** Runs the stages of one operation, in order, telling each one's beginning, end and duration. */
export type Stages = {
  /**
   * Runs one stage. Throws InterruptedError instead of starting it once the operator has interrupted, and
   * what the stage itself throws.
   */
  readonly run: <T>(stage: string, title: string, work: () => Promise<StageResult<T>>) => Promise<T>;
  readonly timings: readonly StageTiming[];
};

export function createStages({
  emit,
  signal,
}: {
  readonly emit: Emit;
  readonly signal: AbortSignal;
}): Stages {
  const timings: StageTiming[] = [];
  return {
    timings,
    run: async (stage, title, work) => {
      throwIfInterrupted(signal);
      emit({ type: 'stage-started', stage, title });
      const start = performance.now();
      const finish = (outcome: StageTiming['outcome']): void => {
        const timing = { stage, title, durationMs: performance.now() - start, outcome };
        timings.push(timing);
        emit({ type: 'stage-finished', ...timing });
      };
      try {
        const { value, changed } = await work();
        finish(changed ? 'changed' : 'unchanged');
        return value;
      } catch (error) {
        finish('failed');
        throw error;
      }
    },
  };
}
