import type { HostProblem } from '../requirements/problem.ts';
import type { Service } from '../service.ts';
import { judgeStart } from './judge.ts';
import type { StartQuestion } from './question.ts';

const seal: unique symbol = Symbol('the start was judged');

/**
 * A service that may be started. Only `clearStart` makes one, so no start can be planned that was not judged.
 */
export type ClearedService = {
  readonly service: Service;
  /** The unit's own guard would refuse: it sees the node's disk, and nothing of the other nodes. */
  readonly isOverride: boolean;
  readonly [seal]: true;
};

export type StartVerdict =
  /** Problems of a start that is cleared are warnings. */
  | { readonly cleared: ClearedService; readonly problems: readonly HostProblem[] }
  | { readonly cleared: undefined; readonly problems: readonly HostProblem[] };

/** Whether a node may be started with what is on its disk. Pure. */
export function clearStart(service: Service, question: StartQuestion): StartVerdict {
  const { reasons, isOverride, doubts } = judgeStart(question);
  const about = { host: question.host, node: service.node };
  if (reasons.length === 0) {
    return {
      cleared: { service, isOverride, [seal]: true },
      problems: doubts.map((message) => ({
        ...about,
        id: 'unseen-replica',
        kind: 'warning',
        message,
        hints: [],
      })),
    };
  }
  return {
    cleared: undefined,
    problems: reasons.map(({ message, hints, shared, heir, isHeirDown, otherWays = [] }) => ({
      ...about,
      id: 'unsafe-start',
      kind: 'refused',
      message,
      hints,
      ...(shared !== undefined && { shared }),
      ...(heir !== undefined && isHeirDown && { heldFor: { replica: heir, otherWays } }),
    })),
  };
}
