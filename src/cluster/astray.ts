import { ownLine, reachableNodes } from './shape.ts';
import type { TopologyView } from './view.ts';

/** A replica (inventory id), its master's node id and address, and the one that it calls in vain. */
export type Astray = {
  readonly node: string;
  readonly masterId: string;
  readonly address: string;
  readonly calls: string;
};

/**
 * Replicas without a link that call an address at which, by their own CLUSTER NODES, their master is not. A
 * node that learns a new address from gossip does not follow it (clusterProcessGossipSection in cluster.c;
 * nodeUpdateAddressIfNeeded would have it follow, and does nothing once the address is known). It never ends
 * by itself; CLUSTER REPLICATE of the same master ends it, and keeps what can be continued.
 */
export function astrayReplicas(view: TopologyView): readonly Astray[] {
  return reachableNodes(view).flatMap((replica) => {
    const { node, nodes, info } = replica;
    const { master_host: host, master_port: port, master_link_status: link } = info;
    const masterId = ownLine(replica)?.masterId;
    const master = nodes.find(({ nodeId }) => nodeId === masterId);
    if (masterId === undefined || !master || link !== 'down' || host === undefined) return [];
    if (master.ip === '' || master.flags.includes('noaddr')) return [];
    const [address, calls] = [`${master.ip}:${master.port}`, `${host}:${port}`];
    return address === calls ? [] : [{ node, masterId, address, calls }];
  });
}
