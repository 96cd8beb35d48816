import type { Inventory } from '../inventory/inventory.ts';
import type { Session } from '../session/session.ts';
import { openSession, type SessionRequest } from '../session/connect.ts';
import type { Invocation } from './command.ts';
import { namedInventory } from './inventory-path.ts';

type SessionOptions = Partial<Pick<SessionRequest, 'secrets' | 'privilege'>> & {
  /**
   * Looks at the inventory before anything is contacted; what it throws ends it there. Returns the names of
   * the hosts that are needed; undefined: all.
   */
  readonly before?: (inventory: Inventory) => readonly string[] | undefined;
};

/**
 * Loads the inventory, connects the hosts that are needed, runs `work`, and closes everything however it
 * ends.
 */
export async function withSession<T>(
  invocation: Invocation,
  work: (session: Session) => Promise<T>,
  { secrets = 'demand', privilege = 'require', before }: SessionOptions = {},
): Promise<T> {
  const { emit, signal, prompter } = invocation;
  const inventory = await namedInventory(invocation);
  const hosts = before?.(inventory);
  const session = await openSession({ inventory, hosts, secrets, privilege, emit, signal, prompter });
  try {
    return await work(session);
  } finally {
    await session.close();
  }
}
