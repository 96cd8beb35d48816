import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { chmod, chown, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { constants, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { until } from './until.ts';

export type CliOptions = {
  /** Over PATH, HOME and XDG_STATE_HOME, which is all that the command gets of an environment. */
  readonly env?: Readonly<Record<string, string>>;
  /**
   * Default `ordinary`: never root, as whoever has nothing but this machine. `own`: whoever runs the tests.
   */
  readonly user?: 'ordinary' | 'own';
  /** What runs the command line, as `['nsenter', …]`. */
  readonly under?: readonly string[];
};

export type CliResult = { readonly code: number; readonly stdout: string; readonly stderr: string };

export type CliRun = {
  readonly pid: number;
  readonly kill: (signal: NodeJS.Signals) => void;
  /** Called with each complete line of stderr from now on. */
  readonly onLine: (listener: (line: string) => void) => void;
  /** A command that a signal ended has the code that shells give it: 128 + its number. */
  readonly done: Promise<CliResult>;
};

/** A place to run the command line in: an inventory, a home and a state folder of its own. */
export type Cli = {
  readonly dir: string;
  readonly home: string;
  /** What the command has as XDG_STATE_HOME. */
  readonly state: string;
  /** Given to every command with -i; undefined when `createCli` got none. */
  readonly inventory: string | undefined;
  /** Writes a file below `dir` that the command's user owns and can alone read; resolves to its path. */
  readonly write: (name: string, content: string) => Promise<string>;
  /** Replaces the inventory. */
  readonly setInventory: (inventory: object | string) => Promise<void>;
  /** Runs `weedgo-redis [-i INVENTORY] ARGS…` to its end. */
  readonly run: (...args: readonly string[]) => Promise<CliResult>;
  readonly start: (...args: readonly string[]) => CliRun;
  /** The words and the environment that `start` starts it with. */
  readonly commandLine: (...args: readonly string[]) => readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Runs a shell line, `weedgo-redis` on its PATH, with the command's user and environment. */
  readonly shell: (line: string) => Promise<CliResult>;
  /** Ends every server that was started here and empties the state folder. */
  readonly reset: () => Promise<void>;
  /** Ends every server that was started here, then removes `dir`. */
  readonly close: () => Promise<void>;
};

/**
 * Makes the place. `inventory`: as YAML text or as an object; undefined for what the command takes without
 * one.
 */
export async function createCli(
  inventory: object | string | undefined,
  options: CliOptions = {},
): Promise<Cli> {
  await sweepUp();
  const user = options.user === 'own' || process.getuid?.() !== 0 ? undefined : nobody;
  const dir = await mkdtemp(join(tmpdir(), `${prefix}${process.pid}-`));
  const [home, state] = [join(dir, 'home'), join(dir, 'state')];
  for (const path of [dir, home, state]) {
    await mkdir(path, { recursive: true, mode: 0o700 });
    if (user !== undefined) await chown(path, user, user);
  }
  const file = inventory === undefined ? undefined : join(dir, 'weedgo-redis.yaml');
  const write: Cli['write'] = async (name, content) => {
    const path = join(dir, name);
    const made = await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeFile(path, content, { mode: 0o600 });
    if (user !== undefined) await chownUpTo(made ?? path, path, user);
    return path;
  };
  const setInventory: Cli['setInventory'] = async (next) => {
    await write('weedgo-redis.yaml', typeof next === 'string' ? next : JSON.stringify(next, null, 2));
  };
  if (inventory !== undefined) await setInventory(inventory);
  const named = file === undefined ? [] : ['-i', file];
  const env = { PATH: process.env['PATH'] ?? '', HOME: home, XDG_STATE_HOME: state, ...options.env };
  const before = [...(options.under ?? []), ...asUser(user)];
  const commandLine: Cli['commandLine'] = (...args) => [...before, ...entryPoint(), ...named, ...args];
  const start: Cli['start'] = (...args) => launch(commandLine(...args), env, dir);
  const shell: Cli['shell'] = async (line) => {
    const words = entryPoint().map((word) => `'${word}'`);
    const program = await write('bin/weedgo-redis', `#!/bin/sh\nexec ${words.join(' ')} "$@"\n`);
    await chmod(program, 0o700);
    const PATH = `${dirname(program)}:${env.PATH}`;
    return launch([...before, 'sh', '-c', line], { ...env, PATH }, dir).done;
  };
  return {
    commandLine,
    environment: env,
    shell,
    dir,
    home,
    state,
    inventory: file,
    write,
    setInventory,
    start,
    run: (...args) => start(...args).done,
    reset: async () => {
      await endServers(dir);
      for (const name of await readdir(state)) await rm(join(state, name), { recursive: true });
    },
    close: () => clear(dir),
  };
}

const prefix = 'weedgo-redis-cli-';
/** The uid and gid that owns nothing, on every Linux. */
const nobody = 65_534;
const root = join(import.meta.dirname, '../..');

/** `path` and the folders above it, up to `top`. */
async function chownUpTo(top: string, path: string, user: number): Promise<void> {
  await chown(path, user, user);
  if (path !== top) await chownUpTo(top, dirname(path), user);
}

function launch([program = '', ...args]: readonly string[], env: NodeJS.ProcessEnv, cwd: string): CliRun {
  const child = spawn(program, args, { env, cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  return { pid: child.pid ?? 0, kill: (signal) => void child.kill(signal), ...collect(child) };
}

function collect(child: ChildProcess): Pick<CliRun, 'onLine' | 'done'> {
  const text = { stdout: '', stderr: '' };
  const listeners: ((line: string) => void)[] = [];
  let line = '';
  child.stdout?.setEncoding('utf8').on('data', (data: string) => (text.stdout += data));
  child.stderr?.setEncoding('utf8').on('data', (data: string) => {
    text.stderr += data;
    const lines = (line + data).split('\n');
    line = lines.pop() ?? '';
    for (const complete of lines) for (const listener of listeners) listener(complete);
  });
  const done = new Promise<CliResult>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      resolve({ code: code ?? 128 + constants.signals[signal ?? 'SIGHUP'], ...text });
    });
  });
  return { done, onLine: (listener) => void listeners.push(listener) };
}

/** The build, when it is newer than every source; else the sources themselves. */
function entryPoint(): readonly string[] {
  const built = join(root, 'dist/main.js');
  const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' });
  const newest = Math.max(...sources.map((name) => statSync(join(root, 'src', name)).mtimeMs));
  try {
    if (statSync(built).mtimeMs > newest) return [process.execPath, join(root, 'bin/weedgo-redis.js')];
  } catch {
    // Never built.
  }
  return [process.execPath, '--import', import.meta.resolve('tsx'), join(root, 'src/cli/main.ts')];
}

/** What runs the rest of a command line as another user; it stays one process, so signals arrive. */
function asUser(user: number | undefined): readonly string[] {
  if (user === undefined) return [];
  const ids = [`--reuid=${user}`, `--regid=${user}`, '--clear-groups'];
  // A checkout or a Node in root's home can be read by root alone: that, and nothing more, is allowed then.
  const hidden = [root, process.execPath].some((path) => !isPublic(path));
  return ['setpriv', ...ids, ...(hidden ? readAll : []), '--'];
}

const readAll = ['--inh-caps=+dac_read_search', '--ambient-caps=+dac_read_search'];

const isPublic = (path: string): boolean =>
  (statSync(path).mode & 0o001) !== 0 && (path === '/' || isPublic(dirname(path)));

/** What processes that were killed have left behind. */
async function sweepUp(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const owner = new RegExp(`^${prefix}(\\d+)-`).exec(name)?.[1];
    if (owner === undefined || exists(`/proc/${owner}`)) continue;
    await clear(join(tmpdir(), name));
  }
}

async function clear(dir: string): Promise<void> {
  await endServers(dir);
  await rm(dir, { recursive: true, force: true });
}

async function endServers(dir: string): Promise<void> {
  for (const pid of processesBelow(dir)) process.kill(pid, 'SIGKILL');
  await until(async () => {
    const pids = processesBelow(dir);
    if (pids.length > 0) throw new Error(`processes ${pids.join(', ')} do not end`);
  });
}

/** Processes whose working directory is below a folder: a server changes into its data directory. */
export function processesBelow(dir: string): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readlinkSync(`/proc/${pid}/cwd`).startsWith(`${dir}/`) && isAlive(pid);
      } catch {
        return false;
      }
    })
    .map(Number);
}

const isAlive = (pid: string): boolean => !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));

function exists(path: string): boolean {
  try {
    accessSync(path);
    return true;
  } catch {
    return false;
  }
}
