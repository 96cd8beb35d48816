import { Redis } from 'ioredis';

/**
 * Resolves when the cluster of these loopback nodes is complete as seen from every one of them: state ok, all
 * slots, all nodes known and connected, no doubt about any, the same roles and owners everywhere, every
 * replica's own link up. Knows nothing of the tool that made the cluster.
 */
export async function untilAgreed(ports: readonly number[], timeoutMs: number): Promise<void> {
  const nodes = ports.map((port) => new Redis({ host: '127.0.0.1', port, commandTimeout: 20_000 }));
  const end = performance.now() + timeoutMs;
  try {
    while (!(await agree(nodes))) {
      if (performance.now() > end)
        throw new Error(`${ports.length} nodes do not agree after ${timeoutMs} ms`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  } finally {
    for (const node of nodes) node.disconnect();
  }
}

async function agree(nodes: readonly Redis[]): Promise<boolean> {
  const views = await Promise.all(nodes.map((node) => look(node, nodes.length)));
  return views[0] !== undefined && views.every((view) => view === views[0]);
}

/**
 * What the node takes the cluster to be, in words that are the same on all nodes; undefined: not complete
 * yet.
 */
async function look(node: Redis, size: number): Promise<string | undefined> {
  const [lines, info, replication] = await Promise.all([
    node.cluster('NODES') as Promise<string>,
    node.cluster('INFO'),
    node.info('replication'),
  ]);
  const complete = info.includes('cluster_state:ok') && info.includes('cluster_slots_ok:16384');
  const linked = !replication.includes('role:slave') || replication.includes('master_link_status:up');
  const known = lines.trim().split('\n').map(describe);
  if (!complete || !linked || known.length !== size || known.includes(undefined)) return undefined;
  return known.map(String).toSorted().join('\n');
}

function describe(line: string): string | undefined {
  const [id, , flags = '', master, , , , link, ...slots] = line.split(' ');
  const role = flags.replace('myself,', '');
  if (link !== 'connected' || (role !== 'master' && role !== 'slave')) return undefined;
  return [id, role, master, ...slots].join(' ');
}
