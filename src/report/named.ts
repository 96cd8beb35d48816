import { mostNames } from '../checks/text.ts';
import type { ReportFinding } from './schema.ts';

/** The nodes that a finding is about, or else the hosts; none where it is about the cluster. */
export function namesOf({ nodes, hosts }: ReportFinding): readonly string[] {
  return nodes.length > 0 ? nodes : hosts;
}

/** The same where the title cuts them short, or names none. */
export function namesBeyondTitle(finding: ReportFinding): readonly string[] {
  const words = new Set(finding.title.split(/[\s,]+/).map((word) => word.replace(/'s$/, '')));
  const places = namesOf(finding);
  const named = places.filter((place) => words.has(place)).length;
  return named === 0 || (named >= mostNames && named < places.length) ? places : [];
}
