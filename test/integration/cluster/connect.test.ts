import { createServer, type Server, type Socket } from 'node:net';
import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { OperationError } from '../../../src/base/errors.ts';
import { ownershipOf } from '../../../src/host/socket-owner.ts';
import type { Node } from '../../../src/inventory/inventory.ts';
import { connectNode } from '../../../src/redis/connect.ts';
import { type RedisConnection, ReplyError, isFailure } from '../../../src/redis/connection.ts';
import { observeCluster } from '../../../src/redis/observe.ts';
import { localShell } from '../../../src/ssh/local.ts';
import { localInventory } from '../../support/inventory.ts';
import { type TestNodes, startNodes } from '../../support/redis.ts';

const password = 'sécret "with\\ $ all';
const [secured, open] = [17300, 17301];
const nodeAt = (port: number): Node => {
  const { nodes } = localInventory([port], { mode: 'standalone' });
  if (!nodes[0]) throw new Error('no node');
  return nodes[0];
};
const shell = localShell('local');
const vouch = ownershipOf(shell, undefined);
const connect = (port: number, given?: string) =>
  connectNode(shell, nodeAt(port), { password: given, vouch, timeoutMs: 2000 });
let servers: TestNodes;
let openServers: TestNodes;
const connections: RedisConnection[] = [];

beforeAll(async () => {
  servers = await startNodes({ ports: [secured], password });
  openServers = await startNodes({ ports: [open], cluster: false });
});
afterAll(async () => {
  await servers.close();
  await openServers.close();
});
afterEach(() => {
  for (const connection of connections.splice(0)) connection.close();
});

async function connected(port: number, given?: string): Promise<RedisConnection> {
  const connection = await connect(port, given);
  if (isFailure(connection)) throw new Error(connection.reason);
  connections.push(connection);
  return connection;
}

describe('connecting', () => {
  it('authenticates with any password', async () => {
    const { call, passwordless } = await connected(secured, password);
    expect(passwordless).toBe(false);
    expect(await call(['PING'])).toBe('PONG');
  });

  it('tells that a server asks for no password', async () => {
    expect(await connected(open, password)).toMatchObject({ passwordless: true });
    expect(await connected(open)).toMatchObject({ passwordless: false });
  });

  it('says why it is refused', async () => {
    expect(await connect(secured)).toMatchObject({
      failure: 'auth',
      reason: expect.stringContaining('asks for'),
    });
    expect(await connect(secured, 'wrong')).toMatchObject({
      failure: 'auth',
      reason: expect.stringContaining('rejects'),
    });
    expect(await connect(17_309, password)).toMatchObject({ failure: 'refused' });
  });

  it('says when nothing answers in time', async () => {
    servers.nodes[0]?.pause();
    const result = await connect(secured, password);
    servers.nodes[0]?.resume();
    expect(result).toMatchObject({ failure: 'timeout' });
  });

  it.each([
    ['speaks HTTP', 'HTTP/1.1 400 Bad Request\r\n\r\n', 'protocol'],
    ['speaks SSH', 'SSH-2.0-OpenSSH_9.2\r\n', 'protocol'],
    ['says nothing', '', 'timeout'],
  ])('says when what answers %s', async (_, greeting, failure) => {
    const [server, sockets] = await listen(17_302, greeting);
    expect(await connect(17_302, password)).toMatchObject({ failure });
    for (const socket of sockets) socket.destroy();
    server.close();
  });
});

async function listen(port: number, greeting: string): Promise<readonly [Server, readonly Socket[]]> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    if (greeting) socket.write(greeting);
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return [server, sockets];
}

describe('a connection', () => {
  it('keeps the old reply shapes', async () => {
    const { call } = await connected(open);
    await call(['HSET', 'hash', 'field', 'value']);
    expect(await call(['HGETALL', 'hash'])).toEqual(['field', 'value']);
    expect(await call(['CONFIG', 'GET', 'maxmemory'])).toEqual(['maxmemory', '0']);
    await call(['DEL', 'hash']);
  });

  it('throws what Redis answered, word by word, and without the command', async () => {
    const { call } = await connected(open);
    const error = await call(['CONFIG', 'SET', 'nothing', password]).catch((failure: unknown) => failure);
    expect(error).toBeInstanceOf(ReplyError);
    expect(error).toMatchObject({
      code: 'ERR',
      node: `local:${open}`,
      message: expect.stringMatching(/^ERR Unknown option/),
    });
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('with');
  });

  it('gives the reply of each command of a pipeline', async () => {
    const { pipeline } = await connected(open);
    const replies = await pipeline([['PING'], ['NOSUCH'], ['ECHO', 'x']]);
    expect(replies).toEqual(['PONG', expect.any(ReplyError), 'x']);
  });

  it('does not wait longer than it is told', async () => {
    const { call, pipeline } = await connected(secured, password);
    servers.nodes[0]?.pause();
    const late = call(['PING'], { timeoutMs: 100 });
    const later = pipeline([['PING'], ['PING']], { timeoutMs: 100 });
    await expect(late).rejects.toThrow(`local:${secured} did not answer PING within 0.1 s`);
    await expect(later).rejects.toThrow(OperationError);
    servers.nodes[0]?.resume();
    expect(await call(['ECHO', 'again'])).toBe('again');
  });

  it('says that it was lost, and does not come back by itself', async () => {
    const lost = await startNodes({ ports: [17_303], cluster: false });
    const { call, pipeline } = await connected(17_303);
    const waiting = expect(call(['BLPOP', 'nothing', 0], { timeoutMs: 20_000 })).rejects;
    const told = waiting.toThrow('local:17303 closed the connection during BLPOP');
    await lost.nodes[0]?.kill();
    await told;
    await lost.nodes[0]?.restart();
    await expect(call(['PING'])).rejects.toThrow(OperationError);
    await expect(pipeline([['PING']])).rejects.toThrow(OperationError);
    await lost.close();
  });
});

describe('observing', () => {
  it('has a view of every node, also of those that cannot be asked', async () => {
    const nodes = [secured, open, 17_309].map(nodeAt);
    const view = await observeCluster(nodes, (node) =>
      connect(node.port, node.port === secured ? 'wrong' : undefined),
    );
    expect(view.nodes).toMatchObject([
      { reachable: false, node: `local:${secured}`, failure: 'auth' },
      { reachable: true, node: `local:${open}`, nodeId: '', nodes: [], clusterInfo: {}, keys: 0 },
      { reachable: false, node: 'local:17309', failure: 'refused' },
    ]);
  });

  it('counts the keys of all databases of a standalone server', async () => {
    const { pipeline } = await connected(open);
    await pipeline([
      ['SET', 'a', 1],
      ['SELECT', 3],
      ['MSET', 'b', 1, 'c', 1],
    ]);
    const { nodes } = await observeCluster([nodeAt(open)], () => connect(open));
    expect(nodes).toMatchObject([{ keys: 3 }]);
    await pipeline([['FLUSHALL']]);
  });

  it('never holds a password', async () => {
    const view = await observeCluster([nodeAt(secured)], () => connect(secured, password));
    expect(view.nodes).toMatchObject([{ config: { requirepass: '***', masterauth: '***' } }]);
    expect(JSON.stringify(view)).not.toContain('with');
  });
});
