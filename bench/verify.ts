import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { createCli } from '../test/support/cli.ts';
import { type Comparison, seconds } from './measure.ts';

const firstPort = 22_000;
const password = 'correct-horse-battery';

/**
 * A look at a healthy cluster of `size` nodes on loopback, half of them replicas, as the whole command: by
 * us, who ask the host and every node about everything, and by redis-cli, who asks the masters about their
 * slots. In turns, after one run of each. Once in time passed, which the nodes share the processors of, and
 * once in processor time.
 */
export async function benchVerify(size: number, runs: number): Promise<readonly Comparison[]> {
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
  const ours: Cost[] = [];
  const theirs: Cost[] = [];
  try {
    await succeed('provision');
    for (let run = 0; run <= runs; run += 1) {
      const [mine, peers] = [await cost(() => succeed('verify')), await cost(checkByRedisCli)];
      if (run === 0) continue;
      ours.push(mine);
      theirs.push(peers);
    }
  } finally {
    await cli.close();
  }
  const what = `verify ${size} nodes on loopback`;
  const peer = '`redis-cli --cluster check`';
  return (['passed', 'processor'] as const).map((kind) => ({
    what: kind === 'passed' ? what : `${what}, processor time with what it starts on the host`,
    ours: ours.map((each) => each[kind]),
    peer,
    theirs: theirs.map((each) => each[kind]),
  }));
}

/** Seconds. */
type Cost = { readonly passed: number; readonly processor: number };

async function cost(work: () => Promise<void>): Promise<Cost> {
  const before = childrenSeconds();
  const passed = await seconds(work);
  return { passed, processor: childrenSeconds() - before };
}

/**
 * Processor time of ended children and of theirs: fields 16 and 17 of proc(5)'s stat, in ticks of a
 * hundredth.
 */
function childrenSeconds(): number {
  const stat = readFileSync('/proc/self/stat', 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[13]) + Number(fields[14])) / 100;
}

async function checkByRedisCli(): Promise<void> {
  const env = { ...process.env, REDISCLI_AUTH: password };
  await promisify(execFile)('redis-cli', ['--cluster', 'check', `127.0.0.1:${firstPort}`], { env });
}
