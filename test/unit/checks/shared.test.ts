import { describe, expect, test } from 'vitest';
import type { Finding } from '../../../src/checks/check.ts';
import { mergeShared, titled } from '../../../src/checks/shared.ts';

function finding(by: string, change: Partial<Finding> = {}): Finding {
  return {
    id: 'WR-UNIT-BYPASSED',
    severity: 'warning',
    ...titled(by, '{} {runs|run} outside {its unit|their units}'),
    nodes: [by],
    hosts: [],
    seen: 'inactive',
    expected: 'active',
    why: 'Nothing restarts it.',
    remedy: [`kill ${by}`, 'start'],
    ...change,
  };
}

test('a title fits one and several', () => {
  expect(titled('redis1', '{} {is|are} drained').title).toBe('redis1 is drained');
  expect(titled('redis1', 'the disk{|s} of {} {has|have} no room').title).toBe(
    'the disk of redis1 has no room',
  );
});

describe('what several share', () => {
  test('is one finding about all of them, fixed step by step', () => {
    expect(mergeShared([finding('a'), finding('b'), finding('c')])).toEqual([
      {
        id: 'WR-UNIT-BYPASSED',
        severity: 'warning',
        title: 'a, b and c run outside their units',
        nodes: ['a', 'b', 'c'],
        hosts: [],
        seen: 'inactive',
        expected: 'active',
        why: 'Nothing restarts it.',
        // Were it started before all have ended, the others would not be.
        remedy: ['kill a', 'kill b', 'kill c', 'start'],
      },
    ]);
  });

  test('says who differs in what', () => {
    const [merged] = mergeShared([finding('a'), finding('b', { seen: 'failed' }), finding('c')]);
    expect(merged).toMatchObject({ seen: 'a and c: inactive; b: failed', expected: 'active' });
  });

  test('keeps its length with sixty nodes, and names every node', () => {
    const nodes = Array.from({ length: 60 }, (_, index) => `n${index}`);
    const [merged, ...rest] = mergeShared(nodes.map((node) => finding(node, { seen: `pid ${node}` })));
    expect(rest).toEqual([]);
    expect(merged).toMatchObject({
      title: 'n0, n1, n2, n3, n4, n5 and 54 more run outside their units',
      seen: 'n0: pid n0; n1: pid n1; n2: pid n2; n3: pid n3; n4: pid n4; n5: pid n5; and 54 more',
      nodes,
    });
    expect(merged?.remedy).toHaveLength(61);
  });

  test.each<[string, Partial<Finding>]>([
    ['severity', { severity: 'info' }],
    ['reason', { why: 'Another.' }],
    ['number of commands', { remedy: [] }],
    ['id', { id: 'WR-UNIT-DISABLED' }],
    ['title', titled('b', '{} {stops|stop}')],
  ])('does not share a finding of another %s', (_, change) => {
    expect(mergeShared([finding('a'), finding('b', change)])).toHaveLength(2);
  });

  test('is only what says so, and stays where the first was', () => {
    const { shared: _, ...alone } = finding('b');
    const merged = mergeShared([finding('a'), alone, alone, finding('c')]);
    expect(merged.map(({ nodes }) => nodes)).toEqual([['a', 'c'], ['b'], ['b']]);
  });
});
