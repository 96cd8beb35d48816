import { loadInventory } from '../inventory/load.ts';
import type { Session } from '../operations/session.ts';
import { openSession, type SessionRequest } from '../operations/connect.ts';
import type { Invocation } from './command.ts';

type SessionOptions = Partial<Pick<SessionRequest, 'createSecrets' | 'privilege'>>;

/**
 * Loads the inventory, connects its hosts, runs `work`, and closes everything however it ends.
 * `createSecrets`: only provision makes the secrets that `generate:` asks for.
 */
export async function withSession<T>(
  { global, emit, signal, prompter }: Invocation,
  work: (session: Session) => Promise<T>,
  { createSecrets = false, privilege = 'require' }: SessionOptions = {},
): Promise<T> {
  const inventory = await loadInventory(global.inventory);
  const session = await openSession({ inventory, createSecrets, privilege, emit, signal, prompter });
  try {
    return await work(session);
  } finally {
    await session.close();
  }
}
