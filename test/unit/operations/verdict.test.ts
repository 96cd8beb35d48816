import { array, assert, constantFrom, property } from 'fast-check';
import { expect, test } from 'vitest';
import { WeedgoError } from '../../../src/base/errors.ts';
import type { HostProblem } from '../../../src/host/requirements/problem.ts';
import { judge, stopOnProblems } from '../../../src/operations/provision/problems.ts';

const problem = (kind: HostProblem['kind']): HostProblem => ({
  id: 'port-in-use',
  kind,
  host: 'redis1',
  message: 'a problem',
  hints: [],
});

test('what provision does with any problems is what plan says of them', () => {
  const kinds = constantFrom<HostProblem['kind']>('refused', 'failed', 'warning');
  assert(
    property(array(kinds), (list) => {
      const problems = list.map(problem);
      let ended: string | undefined;
      try {
        stopOnProblems(problems);
      } catch (error) {
        ended = error instanceof WeedgoError ? error.kind : 'defect';
      }
      expect(judge(problems)).toBe(ended);
    }),
  );
});
