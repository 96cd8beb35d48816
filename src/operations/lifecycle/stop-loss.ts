import { reachableNodes } from '../../cluster/shape.ts';
import type { ReachableView } from '../../cluster/view.ts';
import { savesAtEnd } from '../../failover/final-save.ts';
import { observeNodes } from '../../observation/observe.ts';
import { RefusedError } from '../../base/errors.ts';
import type { Session } from '../../session/session.ts';

export type StopLoss = {
  /** Keys of masters that write nothing to disk when they stop. */
  readonly keys: number;
  readonly masters: readonly string[];
  /** Those masters, with or without keys when they were asked. */
  readonly unkept: readonly string[];
  /** Nodes that may run on hosts that can be reached, and did not answer: what they keep is not known. */
  readonly unknown: readonly string[];
};

/** What an orderly stop of all nodes would lose, as their live settings have it. */
async function describeLoss(session: Session): Promise<StopLoss> {
  const view = await observeNodes(session);
  const losing = reachableNodes(view).filter((node) => node.info['role'] === 'master' && !isKept(node));
  return {
    keys: losing.reduce((sum, { keys }) => sum + keys, 0),
    masters: losing.filter(({ keys }) => keys > 0).map(({ node }) => node),
    unkept: losing.map(({ node }) => node),
    unknown: view.nodes.flatMap((node) =>
      node.reachable || ['refused', 'host'].includes(node.failure) ? [] : [node.node],
    ),
  };
}

/**
 * Has the operator agree to what a stop would lose, and looks again: the answer takes minutes. Resolves to
 * what was seen last. Throws as `agree`, and RefusedError where more would be lost than what was agreed to.
 */
export async function demandStop(
  session: Session,
  agree: (loss: StopLoss) => Promise<void>,
): Promise<StopLoss> {
  const told = await describeLoss(session);
  await agree(told);
  const now = await describeLoss(session);
  const untold = [
    ...now.masters.filter((node) => !told.masters.includes(node)),
    ...now.unknown.filter((node) => !told.unknown.includes(node)),
  ];
  if (untold.length > 0)
    throw new RefusedError(`the cluster has changed meanwhile: ${untold.join(', ')} may lose keys now`, {
      hints: ['Run the same command again: it says what a stop loses now.'],
    });
  return now;
}

/**
 * The append-only file is closed in order when the server ends; without one the last snapshot has everything.
 */
const isKept = ({ config }: ReachableView): boolean => config['appendonly'] === 'yes' || savesAtEnd(config);
