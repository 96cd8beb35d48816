import type { HostProblem } from '../requirements/problem.ts';
import type { Service } from '../step.ts';
import { judgeStart } from './judge.ts';
import type { StartQuestion } from './question.ts';

const seal: unique symbol = Symbol('the start was judged');

/** A service that may be started. Only `clearStart` makes one, so no start can be planned that was not judged. */
export type ClearedService = {
  readonly service: Service;
  /** The unit's own guard would refuse: it sees the node's disk, and nothing of the other nodes. */
  readonly isOverride: boolean;
  readonly [seal]: true;
};

export type StartVerdict =
  | { readonly cleared: ClearedService; readonly problems: readonly [] }
  | { readonly cleared: undefined; readonly problems: readonly HostProblem[] };

/** Whether a node may be started with what is on its disk. Pure. */
export function clearStart(service: Service, question: StartQuestion): StartVerdict {
  const { reasons, isOverride } = judgeStart(question);
  if (reasons.length === 0) return { cleared: { service, isOverride, [seal]: true }, problems: [] };
  return {
    cleared: undefined,
    problems: reasons.map(({ message, hints }) => ({
      id: 'unsafe-start',
      kind: 'refused',
      host: question.host,
      node: service.node,
      message,
      hints,
    })),
  };
}
