import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Inventory } from '../../../src/inventory/inventory.ts';
import type { Approval, Question } from '../../../src/operations/approval.ts';
import { form } from '../../support/cluster.ts';
import { localInventory } from '../../support/inventory.ts';
import { startNodes } from '../../support/redis.ts';
import type { TestNode } from '../../support/redis.ts';
import { openLocalSession } from './session.ts';
import type { TestSession } from './session.ts';

export const password = 'correct "horse" battery';

export type RealCluster = {
  readonly inventory: Inventory;
  readonly node: (port: number) => TestNode;
  readonly open: () => TestSession;
  readonly close: () => Promise<void>;
};

/** Six real nodes on loopback from `first` on, formed and with a password; locks and logs in a folder of their own. */
export async function startCluster(
  first: number,
  config: Readonly<Record<string, string>> = {},
): Promise<RealCluster> {
  const ports = Array.from({ length: 6 }, (_, index) => first + index);
  const inventory = localInventory(ports);
  const { nodes, close } = await startNodes({
    ports,
    password,
    config: { 'cluster-node-timeout': '2000', 'repl-diskless-sync-delay': '0', ...config },
  });
  const state = await mkdtemp(join(tmpdir(), 'weedgo-failover-'));
  process.env['XDG_STATE_HOME'] = state;
  await form(inventory, { password });
  const sessions: TestSession[] = [];
  return {
    inventory,
    node: (port) => {
      const node = nodes.find((candidate) => candidate.port === port);
      if (!node) throw new Error(`no node on ${port}`);
      return node;
    },
    open: () => {
      const session = openLocalSession(inventory, password);
      sessions.push(session);
      return session;
    },
    close: async () => {
      await Promise.all(sessions.map((session) => session.close()));
      await close();
      await rm(state, { recursive: true });
    },
  };
}

/** An operator who answers as told, and what was asked. */
export function answering(answer: boolean): Approval & { readonly asked: (Question & { name?: string })[] } {
  const asked: (Question & { name?: string })[] = [];
  const reply = (question: Question): Promise<boolean> => {
    asked.push(question);
    return Promise.resolve(answer);
  };
  return { asked, agree: reply, type: reply };
}
