import {
  countKeys,
  isNodeId,
  parseClusterNodes,
  parseConfig,
  parseInfo,
  parseMasterLogin,
  parseNeededReplicas,
} from '../cluster/parse.ts';
import type {
  ClusterView,
  NodeTopology,
  ReachableView,
  TopologyView,
  UnreachableView,
} from '../cluster/view.ts';
import { OperationError } from '../base/errors.ts';
import type { Node } from '../inventory/inventory.ts';
import {
  type CallOptions,
  type ConnectRedis,
  type RedisCommand,
  type RedisConnection,
  ReplyError,
  isFailure,
} from './connection.ts';
import { DeadlineError } from './deadline.ts';

/**
 * Asks every node, all in parallel, what it says of itself and of the cluster: one round trip each, within
 * `timeoutMs` (default 6 000) once it is connected. Throws nothing for a node that could not be read: the
 * view has it with the reason.
 */
export async function observeCluster(
  nodes: readonly Node[],
  connect: ConnectRedis,
  options: CallOptions = {},
): Promise<ClusterView> {
  const read = (connection: RedisConnection): Promise<ReachableView> => observeNode(connection, options);
  return { nodes: await Promise.all(nodes.map((node) => observe(node, connect, read))) };
}

/** As `observeCluster`, but only who is who: cheap enough to poll. */
export async function observeTopology(
  nodes: readonly Node[],
  connect: ConnectRedis,
  options: CallOptions = {},
): Promise<TopologyView> {
  const read = (connection: RedisConnection): Promise<NodeTopology> => readTopology(connection, options);
  return { nodes: await Promise.all(nodes.map((node) => observe(node, connect, read))) };
}

/** Everything one node says. Throws OperationError when it does not answer in time, or with an error. */
async function observeNode(connection: RedisConnection, options: CallOptions = {}): Promise<ReachableView> {
  const replies = await connection.pipeline(
    [['INFO'], ['CONFIG', 'GET', '*'], ['ACL', 'LIST'], ...topologyCommands],
    options,
  );
  const [info, config, users, ...topology] = replies;
  const fields = parseInfo(text(info));
  const settings = list(config);
  return {
    ...toTopology(connection.node, fields, topology),
    neededReplicas: parseNeededReplicas(settings),
    masterLogin: parseMasterLogin(settings, connection.isOwnPassword),
    keys: countKeys(fields),
    config: parseConfig(settings),
    users: users instanceof ReplyError ? (users.code === 'NOPERM' ? 'denied' : undefined) : list(users),
  };
}

/**
 * Who is who, as one node says; `info` holds its replication and cluster sections. Throws as `observeNode`,
 * but not where the node keeps its settings to itself.
 */
async function readTopology(connection: RedisConnection, options: CallOptions = {}): Promise<NodeTopology> {
  const own = [
    ['INFO', 'replication'],
    ['INFO', 'cluster'],
    ['CONFIG', 'GET', 'min-replicas-*'],
    // masteruser and masterauth; 6.2 takes one pattern.
    ['CONFIG', 'GET', 'master[ua]*'],
  ];
  const commands = [...own, ...topologyCommands];
  const [replication, cluster, needed, login, ...topology] = await connection.pipeline(commands, options);
  return {
    ...toTopology(connection.node, parseInfo(text(replication) + text(cluster)), topology),
    neededReplicas: Array.isArray(needed) ? parseNeededReplicas(needed.map(String)) : undefined,
    masterLogin: Array.isArray(login)
      ? parseMasterLogin(login.map(String), connection.isOwnPassword)
      : undefined,
  };
}

const topologyCommands: readonly RedisCommand[] = [
  ['CLUSTER', 'MYID'],
  ['CLUSTER', 'NODES'],
  ['CLUSTER', 'INFO'],
];

function toTopology(node: Node, info: NodeTopology['info'], replies: readonly unknown[]): NodeTopology {
  // INFO answers also while the data is being loaded; a standalone server says it in its answer to CLUSTER.
  const loading = replies.find((reply) => reply instanceof ReplyError && reply.code === 'LOADING');
  if (loading) throw loading;
  const standalone = info['cluster_enabled'] === '0';
  const [myId = '', nodes, clusterInfo] = standalone ? ['', '', ''] : replies.map(text);
  if (!standalone && !isNodeId(myId))
    throw new OperationError(`not an answer to CLUSTER MYID: ${myId.slice(0, 200)}`);
  return {
    reachable: true,
    node: node.id,
    nodeId: myId,
    nodes: parseClusterNodes(nodes ?? ''),
    clusterInfo: parseInfo(clusterInfo ?? ''),
    info,
  };
}

async function observe<T>(
  node: Node,
  connect: ConnectRedis,
  read: (connection: RedisConnection) => Promise<T>,
): Promise<T | UnreachableView> {
  const connection = await connect(node);
  if (isFailure(connection)) {
    const { failure, reason } = connection;
    return { reachable: false, node: node.id, failure, reason };
  }
  try {
    return await read(connection);
  } catch (error) {
    return { reachable: false, node: node.id, ...classify(error) };
  }
}

function classify(error: unknown): Pick<UnreachableView, 'failure' | 'reason'> {
  if (!(error instanceof Error)) throw error;
  if (error instanceof ReplyError && error.code === 'LOADING')
    return { failure: 'loading', reason: error.message };
  const failure = error.cause instanceof DeadlineError ? 'timeout' : 'protocol';
  return { failure, reason: error.message };
}

function text(reply: unknown): string {
  if (typeof reply === 'string') return reply;
  throw unexpected(reply);
}

function list(reply: unknown): readonly string[] {
  if (Array.isArray(reply)) return reply.map(String);
  throw unexpected(reply);
}

const unexpected = (reply: unknown): Error =>
  reply instanceof Error ? reply : new OperationError('a reply of an unexpected type');
