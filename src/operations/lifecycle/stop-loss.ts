import { reachableNodes } from '../../cluster/shape.ts';
import type { ReachableView } from '../../cluster/view.ts';
import { savesAtEnd } from '../../failover/final-save.ts';
import { observeNodes } from '../../observation/observe.ts';
import type { Session } from '../../session/session.ts';

export type StopLoss = {
  /** Keys of masters that write nothing to disk when they stop. */
  readonly keys: number;
  readonly masters: readonly string[];
  /** Nodes that may run on hosts that can be reached, and did not answer: what they keep is not known. */
  readonly unknown: readonly string[];
};

/** What an orderly stop of all nodes would lose, as their live settings have it. */
export async function describeLoss(session: Session): Promise<StopLoss> {
  const view = await observeNodes(session);
  const losing = reachableNodes(view).filter(
    (node) => node.info['role'] === 'master' && node.keys > 0 && !isKept(node),
  );
  return {
    keys: losing.reduce((sum, { keys }) => sum + keys, 0),
    masters: losing.map(({ node }) => node),
    unknown: view.nodes.flatMap((node) =>
      node.reachable || ['refused', 'host'].includes(node.failure) ? [] : [node.node],
    ),
  };
}

/**
 * The append-only file is closed in order when the server ends; without one the last snapshot has everything.
 */
const isKept = ({ config }: ReachableView): boolean => config['appendonly'] === 'yes' || savesAtEnd(config);
