import type { Work } from '../cluster/catching-up.ts';

type NodeEvent = { readonly type: 'node'; readonly node: string; readonly message: string };

export type WorkWatch = {
  /** Tells what has changed. True: some of the work may still finish, so the caller keeps waiting. */
  readonly see: (work: readonly Work[]) => boolean;
  /** Nodes that begin again and again, a clause each. */
  readonly restless: () => readonly string[];
};

/**
 * How often a node may begin: it loads its data, is copied to, and may fail twice at that. One that runs out
 * of memory while it loads, or whose copy outgrows the master's output buffer (redis#11534), would begin for
 * ever.
 */
const mostBeginnings = 4;

/** Watches nodes at work (`catchingUp`) from look to look. */
export function createWorkWatch(emit?: (event: NodeEvent) => void): WorkWatch {
  const beginnings = new Map<string, number>();
  let before = new Map<string, Work>();
  const isRestless = (node: string): boolean => (beginnings.get(node) ?? 0) > mostBeginnings;
  return {
    see: (work) => {
      for (const now of work) {
        const { node, doing } = now;
        const then = before.get(node);
        if (!then || (now.bytes > 0 && now.bytes < then.bytes))
          beginnings.set(node, (beginnings.get(node) ?? 0) + 1);
        if (then?.doing !== doing) emit?.({ type: 'node', node, message: `${node} ${doing}` });
      }
      before = new Map(work.map((now) => [now.node, now]));
      return work.some(({ node }) => !isRestless(node));
    },
    restless: () =>
      [...beginnings.keys()]
        .filter(isRestless)
        .map(
          (node) =>
            `${node} begins to load or to be copied to again and again; its log and its master's say why`,
        ),
  };
}
