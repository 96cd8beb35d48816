import { planDesiredStarts } from '../planning/starts.ts';
import type { Requirement } from './requirement.ts';

/** Nothing is started that would not read what lies in its folder, or come back as another node. */
export const requireSafeStart: Requirement = (input) => planDesiredStarts(input).problems;
