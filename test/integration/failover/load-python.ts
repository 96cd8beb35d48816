import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import type { LoadReport, LoadRequest } from './load.ts';

export type PythonLoad = {
  readonly finish: () => Promise<Omit<LoadReport, 'longestGapMs'>>;
};

/** As `startLoad`, by redis-py (Debian: python3-redis), as fast as it can; it ends with this process. */
export async function startPythonLoad({
  nodes,
  password,
}: Pick<LoadRequest, 'nodes' | 'password'>): Promise<PythonLoad> {
  const NODES = nodes.map(({ host, port }) => `${host}:${port}`).join();
  const child = spawn('/usr/bin/python3', [join(import.meta.dirname, 'load.py')], {
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
