import type { Finding, FindingMatch, Severity } from './check.ts';
import { mergeGroups } from './shared.ts';

export const severities: readonly Severity[] = ['critical', 'warning', 'info'];

/** A finding of the report; `explainedBy` is the finding that it follows from, undefined for a cause. */
export type Judged = Finding & { readonly explainedBy: Finding | undefined };

/**
 * Sorts what the checks found into causes and what follows from them, as the findings themselves declare it
 * (`explains`, `dueTo`), and makes one finding of what several nodes or hosts share. In goes a list of
 * findings a check, and out comes the same: a cause is as severe as the worst that follows from it, and a
 * consequence has no remedy, since the cause's remedy ends it.
 */
export function foldConsequences(found: readonly (readonly Finding[])[]): readonly (readonly Judged[])[] {
  const causes = causesOf(found.flat());
  const merged = mergeCauses(found, causes);
  return found.map((findings) => [
    ...new Set(findings.flatMap((finding) => (causes.has(finding) ? [] : (merged.get(finding) ?? [])))),
    ...consequences(findings, (finding) => {
      const cause = causes.get(finding);
      return cause && merged.get(cause);
    }),
  ]);
}

/**
 * The cause of every finding that has one: the first in the list that matches, or that one's own cause. Two
 * that explain each other: the first of them is the cause.
 */
function causesOf(findings: readonly Finding[]): ReadonlyMap<Finding, Finding> {
  const parents = new Map<Finding, Finding>();
  const rootOf = (finding: Finding): Finding => {
    const parent = parents.get(finding);
    return parent ? rootOf(parent) : finding;
  };
  for (const finding of findings.toReversed()) {
    const cause = findings.find((other) => isCause(other, finding) && rootOf(other) !== finding);
    if (cause) parents.set(finding, cause);
  }
  return new Map([...parents.keys()].map((finding) => [finding, rootOf(finding)]));
}

function isCause(cause: Finding, finding: Finding): boolean {
  if (cause === finding) return false;
  return (
    (cause.explains ?? []).some((match) => matches(match, finding)) ||
    (finding.dueTo ?? []).some((match) => matches(match, cause))
  );
}

function matches({ ids, nodes, hosts }: FindingMatch, finding: Finding): boolean {
  if (!ids.includes(finding.id)) return false;
  if (nodes === undefined && hosts === undefined) return true;
  return (
    finding.nodes.some((node) => nodes?.includes(node)) || finding.hosts.some((host) => hosts?.includes(host))
  );
}

/** Each cause with the finding of the report that it became part of. */
function mergeCauses(
  found: readonly (readonly Finding[])[],
  causes: ReadonlyMap<Finding, Finding>,
): ReadonlyMap<Finding, Judged> {
  const merged = new Map<Finding, Judged>();
  for (const findings of found) {
    const raised = new Map<Finding, Finding>();
    for (const cause of findings.filter((finding) => !causes.has(finding))) {
      const following = [...causes].flatMap(([finding, root]) => (root === cause ? [finding] : []));
      raised.set({ ...cause, severity: worstOf([cause, ...following]) }, cause);
    }
    for (const { finding, parts } of mergeGroups([...raised.keys()])) {
      const judged = { ...finding, explainedBy: undefined };
      for (const part of parts) merged.set(raised.get(part) ?? part, judged);
    }
  }
  return merged;
}

function consequences(
  findings: readonly Finding[],
  causeOf: (finding: Finding) => Judged | undefined,
): readonly Judged[] {
  const kept = findings.filter(({ backstop }) => backstop !== true);
  const roots = new Set(kept.flatMap((finding) => causeOf(finding) ?? []));
  return [...roots].flatMap((explainedBy) =>
    mergeGroups(kept.filter((finding) => causeOf(finding) === explainedBy)).map(({ finding }) => ({
      ...finding,
      remedy: [],
      explainedBy,
    })),
  );
}

function worstOf(findings: readonly Finding[]): Severity {
  return severities.find((severity) => findings.some((finding) => finding.severity === severity)) ?? 'info';
}
