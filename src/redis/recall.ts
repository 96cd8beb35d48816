import { astrayReplicas } from '../cluster/astray.ts';
import type { TopologyView } from '../cluster/view.ts';
import type { Node } from '../inventory/inventory.ts';
import type { FormEvent } from './form-event.ts';
import { type ConnectRedis, isFailure } from './connection.ts';

export type RecallRequest = {
  readonly nodes: readonly Node[];
  readonly connect: ConnectRedis;
  readonly emit?: ((event: FormEvent) => void) | undefined;
};

/**
 * Sends replicas that call their masters at a wrong address (`astrayReplicas`) to the right one, and says so.
 * One that does not take it is found by the next look.
 */
export async function recallReplicas(
  view: TopologyView,
  { nodes, connect, emit }: RecallRequest,
): Promise<void> {
  await Promise.all(
    astrayReplicas(view).map(async ({ node: id, masterId, calls, address }) => {
      const node = nodes.find((each) => each.id === id);
      const connection = node && (await connect(node));
      if (!connection || isFailure(connection)) return;
      await connection.call(['CLUSTER', 'REPLICATE', masterId]).catch(() => undefined);
      const message = `${id} called ${calls} for its master, and was sent to ${address}`;
      emit?.({ type: 'warning', node: id, message });
    }),
  );
}
