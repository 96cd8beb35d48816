/**
 * Minimum-cost flow by successive shortest paths (Dijkstra with potentials); small, because inventories are.
 */
export type Network = {
  readonly edge: (from: string, to: string, options: { capacity: number; cost: number }) => void;
  /**
   * Pushes up to `wanted` units from `source` to `sink` as cheaply as can be; returns how many went through.
   */
  readonly push: (source: string, sink: string, wanted: number) => number;
  /** Units that flow from one vertex to another, over all edges between them. */
  readonly flow: (from: string, to: string) => number;
};

type Edge = { readonly from: number; readonly to: number; readonly cost: number; left: number; flow: number };

/** An empty network. Costs must not be negative. */
export function createNetwork(): Network {
  const vertices = new Map<string, number>();
  // An edge and its reverse are neighbours: index ^ 1.
  const edges: Edge[] = [];
  const outgoing: number[][] = [];

  function vertex(name: string): number {
    const known = vertices.get(name);
    if (known !== undefined) return known;
    vertices.set(name, outgoing.length);
    return outgoing.push([]) - 1;
  }

  return {
    edge: (fromName, toName, { capacity, cost }) => {
      const [from, to] = [vertex(fromName), vertex(toName)];
      outgoing[from]?.push(edges.push({ from, to, cost, left: capacity, flow: 0 }) - 1);
      outgoing[to]?.push(edges.push({ from: to, to: from, cost: -cost, left: 0, flow: 0 }) - 1);
    },
    push: (sourceName, sinkName, wanted) => {
      const [source, sink] = [vertex(sourceName), vertex(sinkName)];
      const potentials = Array<number>(outgoing.length).fill(0);
      let pushed = 0;
      for (; pushed < wanted; pushed++) {
        const path = cheapestPath({ edges, outgoing, potentials }, source, sink);
        if (path === undefined) break;
        for (const index of path) send(edges, index);
      }
      return pushed;
    },
    flow: (fromName, toName) => {
      const [from, to] = [vertex(fromName), vertex(toName)];
      const between = (outgoing[from] ?? []).filter((index) => edges[index]?.to === to);
      return between.reduce((sum, index) => sum + Math.max(edges[index]?.flow ?? 0, 0), 0);
    },
  };
}

type Graph = {
  readonly edges: readonly Edge[];
  readonly outgoing: readonly (readonly number[])[];
  /** Distances so far: with them no edge with room left has a negative reduced cost. */
  readonly potentials: number[];
};

/** Edges of the cheapest path with room left; renews the potentials. */
function cheapestPath(graph: Graph, source: number, sink: number): readonly number[] | undefined {
  const { edges, outgoing, potentials } = graph;
  const costs = Array<number>(outgoing.length).fill(Infinity);
  const arrivedBy: (number | undefined)[] = [];
  const heap = createHeap();
  costs[source] = 0;
  heap.push({ at: source, cost: 0 });
  for (let next = heap.pop(); next !== undefined && next.at !== sink; next = heap.pop()) {
    const { at, cost } = next;
    if (cost > (costs[at] ?? 0)) continue;
    for (const index of outgoing[at] ?? []) {
      const edge = edges[index];
      if (edge === undefined || edge.left === 0) continue;
      const reduced = cost + edge.cost + (potentials[at] ?? 0) - (potentials[edge.to] ?? 0);
      if (reduced >= (costs[edge.to] ?? Infinity)) continue;
      costs[edge.to] = reduced;
      arrivedBy[edge.to] = index;
      heap.push({ at: edge.to, cost: reduced });
    }
  }
  const reached = costs[sink] ?? Infinity;
  if (reached === Infinity) return undefined;
  for (const [index, cost] of costs.entries()) {
    potentials[index] = (potentials[index] ?? 0) + Math.min(cost, reached);
  }
  return trace(edges, arrivedBy, sink);
}

function trace(
  edges: readonly Edge[],
  arrivedBy: readonly (number | undefined)[],
  sink: number,
): readonly number[] {
  const path: number[] = [];
  for (let index = arrivedBy[sink]; index !== undefined; index = arrivedBy[edges[index]?.from ?? 0]) {
    path.push(index);
  }
  return path;
}

function send(edges: readonly Edge[], index: number): void {
  const [edge, reverse] = [edges[index], edges[index ^ 1]];
  if (edge === undefined || reverse === undefined) return;
  edge.left -= 1;
  edge.flow += 1;
  reverse.left += 1;
  reverse.flow -= 1;
}

type Entry = { readonly at: number; readonly cost: number };

/** A binary heap: the cheapest entry comes out first. */
function createHeap(): { readonly push: (entry: Entry) => void; readonly pop: () => Entry | undefined } {
  const entries: Entry[] = [];
  const costAt = (index: number): number => entries[index]?.cost ?? Infinity;
  function swap(one: number, other: number): void {
    const [a, b] = [entries[one], entries[other]];
    if (a !== undefined && b !== undefined) [entries[one], entries[other]] = [b, a];
  }
  return {
    push: (entry) => {
      let at = entries.push(entry) - 1;
      for (let parent = (at - 1) >> 1; at > 0 && costAt(at) < costAt(parent); parent = (at - 1) >> 1) {
        swap(at, parent);
        at = parent;
      }
    },
    pop: () => {
      swap(0, entries.length - 1);
      const top = entries.pop();
      for (let at = 0; ;) {
        const child = costAt(2 * at + 2) < costAt(2 * at + 1) ? 2 * at + 2 : 2 * at + 1;
        if (costAt(child) >= costAt(at)) return top;
        swap(at, child);
        at = child;
      }
    },
  };
}
