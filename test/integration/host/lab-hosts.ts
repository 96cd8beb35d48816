import { applySteps } from '../../../src/host/apply.ts';
import { factsContext } from '../../../src/host/context.ts';
import { desiredHost } from '../../../src/host/desired.ts';
import { readFacts } from '../../../src/host/facts/read.ts';
import { planHost, untilObservation } from '../../../src/host/plan.ts';
import type { PlanInput } from '../../../src/host/planning/input.ts';
import type { HostStep } from '../../../src/host/step.ts';
import type { Inventory } from '../../../src/inventory/inventory.ts';
import { parseInventory } from '../../../src/inventory/load.ts';
import { connectHosts } from '../../../src/ssh/connect.ts';
import type { Shell } from '../../../src/ssh/shell.ts';
import type { Lab } from '../../lab/lab.ts';

export const secrets = { password: 'not-a-real-password', application: undefined };

/** An inventory of the lab's hosts, in their order: port 7000 + i and 7003 + i each, as in the guide. */
export function labInventory(
  lab: Pick<Lab, 'hosts' | 'keyFile' | 'knownHostsFile'>,
  over: object = {},
): Inventory {
  const ssh = {
    identityFile: lab.keyFile,
    knownHostsFile: lab.knownHostsFile,
    configFile: 'none',
    user: 'deploy',
  };
  const hosts = lab.hosts.map(({ name, address }, index) => ({
    name,
    address,
    ports: [7000 + index, 7003 + index],
  }));
  return parseInventory(
    JSON.stringify({
      cluster: 'lab',
      install: 'package',
      auth: { password: { env: 'WEEDGO_REDIS_PASSWORD' } },
      ssh,
      hosts,
      ...over,
    }),
    '/nowhere/weedgo-redis.yaml',
  );
}

export async function connectLab(inventory: Inventory): Promise<ReadonlyMap<string, Shell>> {
  const { shells, unreachable } = await connectHosts(inventory.hosts, {
    prompter: { interactive: false, ask: async () => undefined },
    resolveSecret: async () => '',
  });
  for (const error of unreachable.values()) throw error;
  return shells;
}

export async function lookAt(shell: Shell, inventory: Inventory, refreshed = false): Promise<PlanInput> {
  const host = inventory.hosts.find(({ name }) => name === shell.host);
  if (!host) throw new Error(`no host ${shell.host}`);
  const facts = await readFacts(shell, factsContext(inventory, host));
  const desired = desiredHost({ inventory, host, facts, secrets });
  return { inventory, host, facts, desired, word: {}, refreshed };
}

/** Observe, plan, apply, until the plan is empty; resolves to every step that was done, in order. */
export async function converge(shell: Shell, inventory: Inventory): Promise<readonly HostStep[]> {
  const done: HostStep[] = [];
  for (let round = 0; round < 5; round += 1) {
    const input = await lookAt(
      shell,
      inventory,
      done.some(({ kind }) => kind === 'refresh-packages'),
    );
    const steps = untilObservation(planHost(input));
    if (steps.length === 0) return done;
    await applySteps(shell, steps);
    done.push(...steps);
  }
  throw new Error(`${shell.host} does not come to rest`);
}
