import type { PlanInput } from '../planning/input.ts';
import type { HostProblem } from './problem.ts';

/** One requirement: a pure function of facts and desired state. One file each, one line in `registry.ts`. */
export type Requirement = (input: PlanInput) => readonly HostProblem[];
