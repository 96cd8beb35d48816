import { parseInfo } from '../cluster/parse.ts';
import { noFailover } from '../cluster/step.ts';
import type { RedisConnection } from './connection.ts';

/**
 * Keeps a node from being elected, before it is given another master or starts without data: until it is in
 * sync it would serve the keys of its former master, or none. Resolves to whether it could be elected before.
 */
export async function barElection(connection: RedisConnection): Promise<boolean> {
  if (await isBarred(connection)) return false;
  await connection.call(['CONFIG', 'SET', noFailover, 'yes']);
  return true;
}

/** Whether the node stands for no election, as its running configuration says. */
export async function isBarred({ call }: RedisConnection): Promise<boolean> {
  const reply = await call(['CONFIG', 'GET', noFailover]);
  return Array.isArray(reply) && reply[1] === 'yes';
}

/** Lets a node that is in sync be elected again. */
export async function allowElection({ call }: RedisConnection): Promise<void> {
  await call(['CONFIG', 'SET', noFailover, 'no']);
}

/** It has a whole copy of its master, and follows it. */
export async function isLinked({ call }: RedisConnection): Promise<boolean> {
  const info = parseInfo(String(await call(['INFO', 'replication'])));
  return info['role'] === 'slave' && info['master_link_status'] === 'up';
}
