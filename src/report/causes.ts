import type { ReportFinding } from './schema.ts';

/** A finding that stands by itself, with those that follow from it. */
export type Cause = { readonly finding: ReportFinding; readonly consequences: readonly ReportFinding[] };

/** The report's findings by cause, in its order: what follows from a finding stands behind it there. */
export function causesOf(findings: readonly ReportFinding[]): readonly Cause[] {
  const causes: { finding: ReportFinding; consequences: ReportFinding[] }[] = [];
  for (const finding of findings) {
    const cause = causes.at(-1);
    if (finding.explainedBy !== null && cause) cause.consequences.push(finding);
    else causes.push({ finding, consequences: [] });
  }
  return causes;
}

/** Consequences that a cause lists for people; --json has them all. */
const mostConsequences = 6;

/** One line each: `the cluster bus is cut between redis1 and redis2 (WR-BUS-LINK)`; the rest is counted. */
export function describeConsequences({ consequences }: Cause): readonly string[] {
  const lines = consequences.map(({ title, id }) => `${title} (${id})`);
  const rest = lines.length - mostConsequences;
  return rest > 0 ? [...lines.slice(0, mostConsequences), `and ${rest} more`] : lines;
}
