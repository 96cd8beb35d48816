import {
  type Arbitrary,
  array,
  assert,
  boolean,
  constantFrom,
  option,
  property,
  record,
  subarray,
} from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Finding, FindingId, FindingMatch, Severity } from '../../../src/checks/check.ts';
import { foldConsequences, type Judged, severities } from '../../../src/checks/fold.ts';
import { worstFirst } from '../../../src/checks/run.ts';
import { titled } from '../../../src/checks/shared.ts';

function finding(id: FindingId, change: Partial<Finding> = {}): Finding {
  const texts = { title: id, seen: '', expected: '', why: '', remedy: [`fix ${id}`] };
  return { id, severity: 'warning', nodes: [], hosts: [], ...texts, ...change };
}

const down = (node: string): Finding =>
  finding('WR-A', {
    nodes: [node],
    explains: [{ ids: ['WR-B'], nodes: [node] }],
    ...titled(node, '{} down'),
  });
const late = (node: string): Finding => finding('WR-B', { nodes: [node], ...titled(node, '{} late') });

const worst = (findings: readonly Finding[]): number =>
  Math.min(9, ...findings.map(({ severity }) => severities.indexOf(severity)));

const foldOne = (...findings: readonly Finding[]): readonly Judged[] => foldConsequences([findings])[0] ?? [];
const causes = (findings: readonly Judged[]): readonly string[] =>
  findings.map(({ id, explainedBy }) => (explainedBy ? `${id} < ${explainedBy.id}` : id));

describe('what follows from a finding', () => {
  test('is marked, without a remedy of its own, whichever of the two declares it', () => {
    const cause = finding('WR-A', { explains: [{ ids: ['WR-B'] }] });
    const folded = foldOne(finding('WR-B'), cause, finding('WR-C', { dueTo: [{ ids: ['WR-A'] }] }));
    expect(causes(folded)).toEqual(['WR-A', 'WR-B < WR-A', 'WR-C < WR-A']);
    expect(folded.map(({ remedy }) => remedy)).toEqual([['fix WR-A'], [], []]);
  });

  test('stands by itself where its cause is not in the report, a backstop as well', () => {
    const dueTo = [{ ids: ['WR-A'] as const }];
    expect(causes(foldOne(finding('WR-B', { dueTo, backstop: true })))).toEqual(['WR-B']);
    const other = finding('WR-C', { dueTo: [{ ids: ['WR-A'], nodes: ['n1'] }] });
    expect(causes(foldOne(finding('WR-A', { nodes: ['n2'] }), other))).toEqual(['WR-A', 'WR-C']);
  });

  test('is left out where it is a backstop and the cause is there', () => {
    const backstop = finding('WR-B', { dueTo: [{ ids: ['WR-A'] }], backstop: true, severity: 'critical' });
    expect(foldOne(finding('WR-A'), backstop)).toMatchObject([{ id: 'WR-A', severity: 'critical' }]);
  });

  test('makes its cause as severe', () => {
    const cause = finding('WR-A', { severity: 'info', explains: [{ ids: ['WR-B'] }] });
    expect(foldOne(cause, finding('WR-B', { severity: 'critical' }))[0]).toMatchObject({
      id: 'WR-A',
      severity: 'critical',
    });
  });

  test('goes to the cause of its cause; of two that explain each other the first is the cause', () => {
    const chain = foldOne(
      finding('WR-C', { dueTo: [{ ids: ['WR-B'] }] }),
      finding('WR-B', { dueTo: [{ ids: ['WR-A'] }] }),
      finding('WR-A'),
    );
    expect(causes(chain)).toEqual(['WR-A', 'WR-C < WR-A', 'WR-B < WR-A']);
    const circle = foldOne(
      finding('WR-A', { dueTo: [{ ids: ['WR-B'] }] }),
      finding('WR-B', { dueTo: [{ ids: ['WR-A'] }] }),
    );
    expect(causes(circle)).toEqual(['WR-A', 'WR-B < WR-A']);
  });

  test('is shared like any other finding, and only with what has the same cause', () => {
    const folded = foldOne(down('n1'), down('n2'), late('n1'), late('n2'), late('n3'));
    expect(folded.map(({ title, explainedBy }) => [title, explainedBy?.title])).toEqual([
      ['n1 and n2 down', undefined],
      ['n3 late', undefined],
      ['n1 and n2 late', 'n1 and n2 down'],
    ]);
  });

  test('stands behind its cause in the report, and causes come first', () => {
    const folded = foldConsequences([
      [finding('WR-X', { severity: 'critical' })],
      [finding('WR-B')],
      [finding('WR-A', { severity: 'critical', explains: [{ ids: ['WR-B'] }] })],
    ]);
    const results = folded.map((findings) => ({ name: '', section: 'cluster' as const, findings }));
    expect(causes(worstFirst(results))).toEqual(['WR-A', 'WR-B < WR-A', 'WR-X']);
  });
});

describe('whatever findings explain each other', () => {
  const ids = ['WR-A', 'WR-B', 'WR-C', 'WR-D'] as const satisfies readonly FindingId[];
  const nodes = subarray(['n1', 'n2', 'n3']);
  const match: Arbitrary<FindingMatch> = record({ ids: subarray([...ids]), nodes: option(nodes) }).map(
    ({ ids: some, nodes: about }) => (about ? { ids: some, nodes: about } : { ids: some }),
  );
  const anyFinding: Arbitrary<Finding> = record({
    id: constantFrom(...ids),
    severity: constantFrom<Severity>(...severities),
    nodes,
    explains: array(match, { maxLength: 2 }),
    dueTo: array(match, { maxLength: 2 }),
    backstop: boolean(),
  }).map(({ id, ...change }) => finding(id, change));
  const report = array(array(anyFinding, { maxLength: 4 }), { maxLength: 4 });

  test('the worst of them stays the worst of the causes, and a cause is in the report', () => {
    assert(
      property(report, (found) => {
        const folded = foldConsequences(found).flat();
        const roots = folded.filter(({ explainedBy }) => explainedBy === undefined);
        expect(worst(roots)).toBe(worst(found.flat()));
        for (const { explainedBy } of folded) {
          if (explainedBy) expect(roots).toContain(explainedBy);
        }
      }),
    );
  });

  test('none is lost but backstops', () => {
    assert(
      property(report, (found) => {
        const told = foldConsequences(found)
          .flat()
          .map(({ id }) => id);
        const wanted = found.flat().filter(({ backstop }) => !backstop);
        for (const { id } of wanted) expect(told).toContain(id);
      }),
    );
  });
});
