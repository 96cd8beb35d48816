import type { CheckInput, Finding, Section, Severity } from './check.ts';
import { checks } from './registry.ts';
import { mergeShared } from './shared.ts';
import { topologyOf } from './topology.ts';

/** One check that was run, with what it found. */
export type CheckResult = {
  readonly name: string;
  readonly section: Section;
  readonly findings: readonly Finding[];
};

/** Runs every check that applies, in the registry's order. What several nodes or hosts share is one finding. */
export function runChecks(input: CheckInput): readonly CheckResult[] {
  const topology = topologyOf(input);
  return checks
    .filter(({ cluster }) => input.inventory.mode === 'cluster' || cluster !== true)
    .map(({ name, section, run }) => ({ name, section, findings: mergeShared(run(input, topology)) }));
}

export const severities: readonly Severity[] = ['critical', 'warning', 'info'];

/** All findings, worst first; among equals in the order of the report's sections. */
export function worstFirst(results: readonly CheckResult[]): readonly Finding[] {
  const findings = results.flatMap((result) => result.findings);
  return severities.flatMap((severity) => findings.filter((finding) => finding.severity === severity));
}
