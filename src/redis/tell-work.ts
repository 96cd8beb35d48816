import type { Work } from '../cluster/catching-up.ts';

type NodeEvent = { readonly type: 'node'; readonly node: string; readonly message: string };

/** Tells what nodes are at, each time that it has changed. */
export function createWorkTeller(
  emit: ((event: NodeEvent) => void) | undefined,
): (work: readonly Work[]) => void {
  const told = new Map<string, string>();
  return (work) => {
    for (const { node, doing } of work) {
      if (told.get(node) !== doing) emit?.({ type: 'node', node, message: `${node} ${doing}` });
      told.set(node, doing);
    }
  };
}
