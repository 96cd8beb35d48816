import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, it } from 'vitest';
import { planForm } from '../../../src/cluster/plan.ts';
import { type ClusterStep, describeClusterStep } from '../../../src/cluster/step.ts';
import { InterruptedError, OperationError } from '../../../src/base/errors.ts';
import { applyClusterStep } from '../../../src/redis/apply.ts';
import { isFailure } from '../../../src/redis/connection.ts';
import { observeCluster } from '../../../src/redis/observe.ts';
import { form, judge, localConnections, look, send, unfinished } from '../../support/cluster.ts';
import { localInventory } from '../../support/inventory.ts';
import { type TestNodes, startNodes } from '../../support/redis.ts';

const ports = [17330, 17331, 17332, 17333, 17334, 17335];
const inventory = localInventory(ports, { password: false });
const lasting = { 'cluster-node-timeout': '15000', 'repl-diskless-sync-delay': '5' };
let servers: TestNodes | undefined;

const start = async (): Promise<TestNodes> => (servers = await startNodes({ ports }));
afterEach(() => servers?.close());

/** Does all that is left, and has it judged. Like provision it sets live what the files say first. */
async function complete(): Promise<void> {
  for (const node of inventory.nodes) await send(node, ['CONFIG', 'SET', ...Object.entries(lasting).flat()]);
  await form(inventory);
  expect(await unfinished(inventory)).toEqual([]);
  expect(await settings()).toEqual(ports.map(() => lasting));
  await judge(inventory);
}

async function settings(): Promise<readonly unknown[]> {
  const { nodes } = await look(inventory);
  return nodes.map((node) =>
    node.reachable
      ? Object.fromEntries(Object.keys(lasting).map((name) => [name, node.config[name]]))
      : node.reason,
  );
}

describe('a forming that was interrupted', () => {
  it.each(['set cluster-node-timeout', 'take', 'set config epoch', 'meet', 'replicate'])(
    'by the operator after the first "%s" puts its settings back at once, and completes when run again',
    async (done) => {
      await start();
      const interrupt = new AbortController();
      const forming = form(inventory, {
        signal: interrupt.signal,
        emit: ({ message }) => (message.includes(`: ${done}`) ? interrupt.abort() : undefined),
      });
      await expect(forming).rejects.toThrow(InterruptedError);
      expect(await settings()).toEqual(ports.map(() => lasting));
      await complete();
    },
  );

  it.each([1, 8, 17, 19])('by SIGKILL after step %i completes when run again', async (steps) => {
    await start();
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', 'test/support/form-child.ts', ...ports.map(String)],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    let seen = 0;
    for await (const _ of createInterface(child.stdout)) if (++seen === steps) child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    expect(child.signalCode).toBe('SIGKILL');
    await complete();
  });

  it.each([3, 10, 16, 22])(
    'in the middle of a group of steps, %i of them done, completes when run again',
    async (count) => {
      await start();
      const { connect, close } = localConnections();
      const { steps } = planForm(inventory, await observeCluster(inventory.nodes, connect));
      for (const step of steps.slice(0, count)) await attempt(step, connect);
      close();
      await complete();
    },
  );
});

/** A replica that does not know its master yet is left as a killed run leaves it. */
async function attempt(
  step: ClusterStep,
  connect: ReturnType<typeof localConnections>['connect'],
): Promise<void> {
  const node = inventory.nodes.find(({ id }) => id === step.node);
  const connection = node && (await connect(node));
  if (!connection || isFailure(connection)) throw new Error(`no connection for ${describeClusterStep(step)}`);
  await applyClusterStep(step, connection).catch((error: unknown) => {
    if (step.kind !== 'replicate') throw error;
  });
}

describe('a forming in which a node fails', () => {
  it('names the node that was killed, and completes when that is back', async () => {
    const { nodes } = await start();
    const kill = ({ message }: { readonly message: string }): void => {
      if (message.includes(': replicate')) void nodes[1]?.kill();
    };
    const error = await form(inventory, { emit: kill }).catch((failure: unknown) => failure);
    expect(error).toBeInstanceOf(OperationError);
    expect(error).toMatchObject({ node: 'local:17331', message: expect.stringContaining('local:17331') });
    await nodes[1]?.restart();
    await complete();
  });

  it('names the node that does not answer, and completes when it does', async () => {
    const { nodes } = await start();
    const pause = ({ message }: { readonly message: string }): void => {
      if (message.includes(': replicate')) nodes[2]?.pause();
    };
    const error = await form(inventory, { emit: pause, deadlineMs: 1000 }).catch(
      (failure: unknown) => failure,
    );
    nodes[2]?.resume();
    expect(error).toBeInstanceOf(OperationError);
    expect(error).toMatchObject({ message: expect.stringContaining('local:17332 ') });
    await complete();
  });
});
