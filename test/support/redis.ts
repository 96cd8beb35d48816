import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type StartOptions = {
  readonly ports: readonly number[];
  /** redis.conf directives over the defaults below; an undefined value removes a default. */
  readonly config?: Readonly<Record<string, string | undefined>>;
  /** requirepass and masterauth; in the file, never in argv. */
  readonly password?: string;
  /** Default true: cluster-enabled yes. */
  readonly cluster?: boolean;
  /** Default `redis-server` on the PATH. */
  readonly binary?: string;
  /** Its numeric user; default: whoever runs the tests. */
  readonly user?: number | undefined;
};

export type TestNode = {
  readonly port: number;
  readonly pid: number;
  /** Data, redis.conf, nodes.conf and redis.log; gone after `close`. */
  readonly dir: string;
  /** SIGTERM and wait: redis saves what its configuration says. */
  readonly stop: () => Promise<void>;
  /** SIGKILL and wait. */
  readonly kill: () => Promise<void>;
  readonly pause: () => void;
  readonly resume: () => void;
  /** Starts it again (after a stop, a kill, or while it runs) with the same folder and file. */
  readonly restart: () => Promise<void>;
  readonly log: () => Promise<string>;
};

export type TestNodes = { readonly nodes: readonly TestNode[]; readonly close: () => Promise<void> };

/**
 * Starts real redis-server processes on 127.0.0.1, each in a folder of its own, and waits until they answer.
 * They die with the process that started them, also when that is killed.
 */
export async function startNodes(options: StartOptions): Promise<TestNodes> {
  const root = await mkdtemp(join(tmpdir(), 'weedgo-redis-'));
  const started = await Promise.allSettled(options.ports.map((port) => startNode(root, port, options)));
  const nodes = started.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const close = async (): Promise<void> => {
    await Promise.all(nodes.map((node) => node.kill()));
    await rm(root, { recursive: true, force: true });
  };
  const failed = started.find((result) => result.status === 'rejected');
  if (failed) {
    await close();
    throw failed.reason;
  }
  return { nodes, close };
}

async function startNode(root: string, port: number, options: StartOptions): Promise<TestNode> {
  const dir = join(root, String(port));
  await mkdir(dir);
  await writeFile(join(dir, 'redis.conf'), configFile(dir, port, options), { mode: 0o600 });
  const { binary = 'redis-server', user } = options;
  if (user !== undefined)
    for (const path of [root, dir, join(dir, 'redis.conf')]) await chown(path, user, user);
  const start = () => launch(binary, { dir, port, user });
  let child = await start();
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    child.kill('SIGCONT');
    await exited;
  };
  return {
    port,
    dir,
    get pid() {
      return child.pid ?? 0;
    },
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    restart: async () => {
      await end('SIGTERM');
      child = await start();
    },
    log: () => readFile(join(dir, 'redis.log'), 'utf8'),
  };
}

function configFile(dir: string, port: number, { config, password, cluster }: StartOptions): string {
  const directives: Record<string, string | undefined> = {
    port: String(port),
    bind: '127.0.0.1',
    dir,
    logfile: join(dir, 'redis.log'),
    save: '""',
    'cluster-enabled': cluster === false ? 'no' : 'yes',
    ...(password !== undefined && { requirepass: quote(password), masterauth: quote(password) }),
    ...config,
  };
  return Object.entries(directives)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name} ${value}\n`)
    .join('');
}

const quote = (value: string): string => `"${value.replace(/["\\]/g, '\\$&')}"`;

async function launch(
  binary: string,
  { dir, port, user }: { readonly dir: string; readonly port: number; readonly user: number | undefined },
): Promise<ChildProcess> {
  const as = user === undefined ? [] : ['--reuid', String(user), '--clear-groups'];
  const child = spawn('setpriv', [...as, '--pdeathsig', 'KILL', binary, join(dir, 'redis.conf')], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += String(data)));
  const deadline = Date.now() + 30_000;
  while (child.exitCode === null && Date.now() < deadline) {
    if (await answers(port)) return child;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  child.kill('SIGKILL');
  const log = await readFile(join(dir, 'redis.log'), 'utf8').catch(() => '');
  throw new Error(`${binary} on port ${port} did not start (exit ${child.exitCode})\n${output}${log}`);
}

/** Any reply will do, also NOAUTH; while a data set is loading the reply starts with -LOADING. */
function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    const finish = (result: boolean): void => {
      socket.destroy();
      resolve(result);
    };
    socket.setTimeout(1000, () => finish(false));
    socket.on('error', () => finish(false));
    socket.on('connect', () => socket.write('PING\r\n'));
    socket.on('data', (data) => finish(!data.toString('latin1').startsWith('-LOADING')));
  });
}
