import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import type { LoadReport, LoadRequest } from './load.ts';

/** A Python that has redis-py with its cluster client; undefined where none is (Debian: python3-redis). */
export const python = ['python3', '/usr/bin/python3'].find(
  (program) => spawnSync(program, ['-c', 'import redis.cluster']).status === 0,
);

export type PythonLoad = {
  readonly finish: () => Promise<Omit<LoadReport, 'longestGapMs'>>;
};

/** As `startLoad`, by redis-py, as fast as it can; it ends with this process. */
export async function startPythonLoad(
  program: string,
  { nodes, password }: Pick<LoadRequest, 'nodes' | 'password'>,
): Promise<PythonLoad> {
  const NODES = nodes.map(({ host, port }) => `${host}:${port}`).join();
  const child = spawn(program, [join(import.meta.dirname, 'load.py')], {
    env: { ...process.env, NODES, PASSWORD: password },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const next = async (): Promise<string> => {
    const line = await lines.next();
    if (line.done === true) throw new Error('redis-py ended');
    return line.value;
  };
  await next();
  return {
    finish: async () => {
      child.stdin.end();
      return JSON.parse(await next()) as Awaited<ReturnType<PythonLoad['finish']>>;
    },
  };
}
