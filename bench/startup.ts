import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { type Comparison, seconds } from './measure.ts';

const program = join(import.meta.dirname, '../bin/weedgo-redis.js');

/** The time to start the tool, compared with Node that runs nothing. In turns, after one run of each. */
export async function benchStartup(runs: number): Promise<readonly Comparison[]> {
  const commands = { nothing: ['-e', '0'], version: [program, '--version'], help: [program, '--help'] };
  const taken: Record<keyof typeof commands, number[]> = { nothing: [], version: [], help: [] };
  for (let run = 0; run <= runs; run += 1) {
    for (const name of ['nothing', 'version', 'help'] as const) {
      const time = await seconds(() => start(commands[name]));
      if (run > 0) taken[name].push(time);
    }
  }
  return (['version', 'help'] as const).map((name) => ({
    what: `\`weedgo-redis --${name}\``,
    ours: taken[name],
    peer: '`node -e 0`',
    theirs: taken.nothing,
  }));
}

function start(args: readonly string[]): void {
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`node ${args.join(' ')}: exit ${status}\n${stderr}`);
}
