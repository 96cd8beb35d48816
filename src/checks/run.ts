import type { Finding, Section } from './check.ts';
import type { CheckInput } from './input.ts';
import { inPlacesOf } from './closing.ts';
import { foldConsequences, type Judged, severities } from './fold.ts';
import { checks } from './registry.ts';
import { topologyOf } from './topology.ts';

/** One check that was run, with what it found. */
export type CheckResult = {
  readonly name: string;
  readonly section: Section;
  readonly findings: readonly Judged[];
};

/**
 * Runs every check that applies, in the registry's order. What several nodes or hosts share is one finding,
 * and what follows from a finding of the same run is marked as its consequence (`foldConsequences`).
 */
export function runChecks(input: CheckInput): readonly CheckResult[] {
  const topology = topologyOf(input);
  const due = checks.filter(({ cluster }) => input.inventory.mode === 'cluster' || cluster !== true);
  const folded = foldConsequences(due.map(({ run }) => run(input, topology)));
  return due.map(({ name, section }, index) => ({ name, section, findings: folded[index] ?? [] }));
}

const isInOrder = ({ cause }: { readonly cause: Finding }): boolean => cause.inOrder === true;

/**
 * All findings: causes first, worst first, each followed by what follows from it; among equally severe ones
 * those with consequences come first, then the order of the report's sections counts.
 */
export function worstFirst(results: readonly CheckResult[]): readonly Judged[] {
  const all = results.flatMap(({ findings }) => findings);
  const causes = all
    .filter(({ explainedBy }) => explainedBy === undefined)
    .map((cause) => ({ cause, following: all.filter(({ explainedBy }) => explainedBy === cause) }));
  return severities
    .flatMap((severity) => {
      const own = causes.filter(({ cause }) => cause.severity === severity);
      const sorted = own.toSorted((a, b) => Number(b.following.length > 0) - Number(a.following.length > 0));
      return inPlacesOf(sorted, isInOrder, own.filter(isInOrder));
    })
    .flatMap(({ cause, following }) => [cause, ...following]);
}
