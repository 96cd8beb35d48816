/** Minimum-cost flow by successive shortest paths; small, because inventories are. */
export type Network = {
  readonly edge: (from: string, to: string, options: { capacity: number; cost: number }) => void;
  /** Pushes up to `wanted` units from `source` to `sink` as cheaply as can be; returns how many went through. */
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
      let pushed = 0;
      while (pushed < wanted) {
        const path = cheapestPath({ edges, outgoing }, source, sink);
        if (path === undefined) break;
        for (const index of path) send(edges, index);
        pushed += 1;
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

type Graph = { readonly edges: readonly Edge[]; readonly outgoing: readonly (readonly number[])[] };

/** Edges of the cheapest path with room left (Bellman-Ford with a queue: reverse edges have negative costs). */
function cheapestPath(graph: Graph, source: number, sink: number): readonly number[] | undefined {
  const costs = Array<number>(graph.outgoing.length).fill(Infinity);
  const arrivedBy: (number | undefined)[] = [];
  costs[source] = 0;
  const queue = [source];
  const queued = new Set(queue);
  for (let head = 0; head < queue.length; head++) {
    const at = queue[head] ?? 0;
    queued.delete(at);
    for (const index of graph.outgoing[at] ?? []) {
      const edge = graph.edges[index];
      if (edge === undefined || edge.left === 0) continue;
      const cost = (costs[at] ?? Infinity) + edge.cost;
      if (cost >= (costs[edge.to] ?? Infinity)) continue;
      costs[edge.to] = cost;
      arrivedBy[edge.to] = index;
      if (!queued.has(edge.to)) {
        queued.add(edge.to);
        queue.push(edge.to);
      }
    }
  }
  return costs[sink] === Infinity ? undefined : trace(graph, arrivedBy, sink);
}

function trace(graph: Graph, arrivedBy: readonly (number | undefined)[], sink: number): readonly number[] {
  const path: number[] = [];
  for (let index = arrivedBy[sink]; index !== undefined; index = arrivedBy[graph.edges[index]?.from ?? 0]) {
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
