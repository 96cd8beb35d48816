import { planDesiredStarts } from '../planning/starts.ts';
import type { Requirement } from './problem.ts';

/** Nothing is started that would not read what lies in its folder, or come back as another node. */
export const requireSafeStart: Requirement = (input) => planDesiredStarts(input).problems;
