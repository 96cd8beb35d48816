import type { Session } from '../session/session.ts';
import { createStages } from '../session/stages.ts';
import { keepDrained } from './electable.ts';
import { lookAround } from './look.ts';
import type { LookOptions } from './look.ts';
import { startNode } from './restart-node.ts';

/**
 * Nothing listens at any of them, as seen from their own hosts: there is nothing to hand over and nothing to
 * stop.
 */
export async function areDown(
  session: Session,
  nodes: readonly string[],
  look: LookOptions,
): Promise<boolean> {
  const { view } = await lookAround(session, { ...look, among: new Set(nodes) });
  const named = view.nodes.filter(({ node }) => nodes.includes(node));
  return named.every((seen) => !seen.reachable && seen.failure === 'refused');
}

/** Whatever else the cluster lacks, a node that is down is not worse off for being started. */
export async function startThose(
  session: Session,
  nodes: readonly string[],
  look: LookOptions,
): Promise<readonly { readonly node: string; readonly awayMs: number }[]> {
  const restarted: { node: string; awayMs: number }[] = [];
  const stages = createStages(session);
  for (const node of session.inventory.nodes.filter(({ id }) => nodes.includes(id))) {
    const start = performance.now();
    await stages.run('restart', `start ${node.id}`, async () => ({
      value: await startNode(session, node, look),
      changed: true,
    }));
    await keepDrained(session, node, look);
    restarted.push({ node: node.id, awayMs: Math.round(performance.now() - start) });
  }
  return restarted;
}
