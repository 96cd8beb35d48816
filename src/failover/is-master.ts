import type { RedisConnection } from '../redis/connection.ts';

/** ROLE is the cheapest question there is: asking every few ms does not slow down what it waits for. */
export async function isMaster(connection: RedisConnection): Promise<boolean> {
  const role = await connection.call(['ROLE']);
  return Array.isArray(role) && role[0] === 'master';
}
