import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { createCli } from '../test/support/cli.ts';
import { type Comparison, seconds } from './measure.ts';

const firstPort = 22_000;
const password = 'correct-horse-battery';

/**
 * A look at a healthy cluster of `size` nodes on loopback, half of them replicas, as the whole command: by us, who ask
 * the host and every node about everything, and by redis-cli, who asks the masters about their slots. In turns, after
 * one run of each.
 */
export async function benchVerify(size: number, runs: number): Promise<Comparison> {
  const ports = Array.from({ length: size }, (_, index) => firstPort + index);
  const inventory = {
    cluster: 'bench',
    connection: 'local',
    production: false,
    antiAffinity: 'none',
    auth: { password: { env: 'WEEDGO_REDIS_PASSWORD' } },
    hosts: [{ name: 'local', address: '127.0.0.1', ports }],
  };
  const cli = await createCli(inventory, { user: 'own', env: { WEEDGO_REDIS_PASSWORD: password } });
  const succeed = async (...args: readonly string[]): Promise<void> => {
    const { code, stdout, stderr } = await cli.run(...args);
    if (code !== 0) throw new Error(`${args.join(' ')}: exit ${code}\n${stdout}${stderr}`);
  };
  const ours: number[] = [];
  const theirs: number[] = [];
  try {
    await succeed('provision');
    for (let run = 0; run <= runs; run += 1) {
      const times = [await seconds(() => succeed('verify')), await seconds(checkByRedisCli)] as const;
      if (run === 0) continue;
      ours.push(times[0]);
      theirs.push(times[1]);
    }
  } finally {
    await cli.close();
  }
  return { what: `verify ${size} nodes on loopback`, ours, peer: '`redis-cli --cluster check`', theirs };
}

async function checkByRedisCli(): Promise<void> {
  const env = { ...process.env, REDISCLI_AUTH: password };
  await promisify(execFile)('redis-cli', ['--cluster', 'check', `127.0.0.1:${firstPort}`], { env });
}
