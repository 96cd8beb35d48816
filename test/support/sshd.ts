import { execFileSync, spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import type { SshSettings, SshTarget } from '../../src/ssh/target.ts';
import type { ConnectOptions } from '../../src/ssh/options.ts';

/**
 * A real sshd on loopback with its own configuration, host keys and port; `stop` ends it, its sessions and
 * its folder.
 */
export type Sshd = {
  readonly name: string;
  readonly port: number;
  readonly directory: string;
  /** A known_hosts file with this server's keys. */
  readonly knownHosts: string;
  readonly log: () => string;
  /** Public host key of a type, `type base64`. */
  readonly hostKey: (type?: KeyType) => string;
  readonly fingerprint: (type?: KeyType) => string;
  /** Ids of the listener and all that it has started. */
  readonly pids: () => number[];
  readonly stop: () => Promise<void>;
};

export type KeyType = 'ed25519' | 'rsa' | 'ecdsa';

export type SshdOptions = {
  /** Default: one that is free. */
  readonly port?: number;
  readonly name?: string;
  /** Lines of sshd_config that come first and so win. */
  readonly config?: string;
  readonly hostKeys?: readonly KeyType[];
  /** A folder with host keys in it. */
  readonly directory?: string;
};

/** A folder of a test file, removed with what is in it when the file is done. */
export function scratch(name: string): string {
  const directory = mkdtempSync(join(tmpdir(), `weedgo-${name}-`));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** A key pair that every sshd of these tests lets in, for any user. */
export const userKey = makeKey(join(scratch('sshkey'), 'id'), {
  type: 'ed25519',
});

/** Makes a key pair; returns the path of the private key. */
export function makeKey(
  path: string,
  options: { type: KeyType; passphrase?: string; format?: string },
): string {
  const size = options.type === 'rsa' ? ['-b', '2048'] : [];
  const format = options.format === undefined ? [] : ['-m', options.format];
  // Few rounds: decrypting is slow on purpose.
  const rounds = options.passphrase === undefined || options.format !== undefined ? [] : ['-a', '1'];
  execFileSync('ssh-keygen', [
    '-q',
    '-t',
    options.type,
    '-N',
    options.passphrase ?? '',
    '-C',
    'test',
    '-f',
    path,
    ...size,
    ...format,
    ...rounds,
  ]);
  return path;
}

/** Servers that a failed test did not stop. */
const running = new Set<Sshd>();
afterAll(async () => await Promise.all([...running].map(async (sshd) => await sshd.stop())));

/** Ports of these tests; several runs of them may go on at once on one machine. */
const ports = { first: 22100, count: 290 };

export async function startSshd(options: SshdOptions): Promise<Sshd> {
  for (let attempt = 1; ; attempt++) {
    const port = options.port ?? ports.first + Math.floor(Math.random() * ports.count);
    try {
      const sshd = await startOn(port, options);
      running.add(sshd);
      return sshd;
    } catch (error) {
      if (attempt === 50 || !/Address already in use/.test(String(error))) throw error;
      if (options.port !== undefined) await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

async function startOn(port: number, options: SshdOptions): Promise<Sshd> {
  const directory = options.directory ?? mkdtempSync(join(tmpdir(), 'weedgo-sshd-'));
  const types = options.hostKeys ?? ['ed25519'];
  execFileSync('chmod', ['755', directory]);
  mkdirSync('/run/sshd', { recursive: true });
  for (const type of types) {
    if (!existsSync(join(directory, type))) makeKey(join(directory, type), { type });
  }
  const hostKey = (type: KeyType = types[0] ?? 'ed25519'): string =>
    readFileSync(join(directory, `${type}.pub`), 'utf8')
      .split(' ')
      .slice(0, 2)
      .join(' ');
  const knownHosts = join(directory, 'known_hosts');
  writeFileSync(knownHosts, types.map((type) => `[127.0.0.1]:${port} ${hostKey(type)}\n`).join(''));
  const remove = (): void => rmSync(directory, { recursive: true, force: true });
  const { child, log } = await run(directory, port, { config: options.config ?? '', types }).catch(
    (error) => {
      if (options.directory === undefined) remove();
      throw error;
    },
  );
  const sshd: Sshd = {
    name: options.name ?? `host${port}`,
    port,
    directory,
    knownHosts,
    log,
    hostKey,
    fingerprint: (type) => fingerprintOf(hostKey(type)),
    pids: () => (child.pid === undefined ? [] : descendants(child.pid)),
    async stop() {
      running.delete(sshd);
      await stop(child);
      remove();
    },
  };
  return sshd;
}

async function run(
  directory: string,
  port: number,
  { config, types }: { config: string; types: readonly KeyType[] },
): Promise<{ child: ChildProcess; log: () => string }> {
  const authorized = join(directory, 'authorized_keys');
  if (!existsSync(authorized)) writeFileSync(authorized, readFileSync(`${userKey}.pub`, 'utf8'));
  const file = join(directory, 'sshd_config');
  writeFileSync(
    file,
    `${config}
Port ${port}
ListenAddress 127.0.0.1
${types.map((type) => `HostKey ${join(directory, type)}`).join('\n')}
AuthorizedKeysFile ${authorized}
StrictModes no
UsePAM no
${penalizes() ? 'PerSourcePenalties no' : ''}
PidFile none
LogLevel VERBOSE
`,
  );
  const child = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', file], { stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  child.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()));
  await until(() => {
    if (child.exitCode !== null) throw new Error(`sshd: ${log}`);
    return log.includes('Server listening');
  });
  return { child, log: () => log };
}

/**
 * Since 9.8 sshd turns an address away after a few failed logins, which many of these tests have on purpose.
 */
function penalizes(): boolean {
  const { stderr } = spawnSync('/usr/sbin/sshd', ['-V'], { encoding: 'utf8' });
  const [, major = 0, minor = 0] = /OpenSSH_(\d+)\.(\d+)/.exec(stderr)?.map(Number) ?? [];
  return major > 9 || (major === 9 && minor >= 8);
}

function fingerprintOf(publicKey: string): string {
  const text = execFileSync('ssh-keygen', ['-lf', '-'], { input: publicKey, encoding: 'utf8' });
  return text.split(' ')[1] ?? '';
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.pid === undefined) return;
  for (const pid of descendants(child.pid)) kill(pid);
  await until(() => child.exitCode !== null || child.signalCode !== null);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It is gone.
  }
}

/** A process and all that descend from it. */
function descendants(pid: number): number[] {
  const parents = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const fields = readFileSync(`/proc/${name}/stat`, 'utf8')
          .replace(/^.*\) /, '')
          .split(' ');
        return [{ pid: Number(name), parent: Number(fields[1]) }];
      } catch {
        return [];
      }
    });
  const below = (of: number): number[] =>
    parents.filter(({ parent }) => parent === of).flatMap((child) => [child.pid, ...below(child.pid)]);
  return [pid, ...below(pid)];
}

/** Polls a condition; throws when it does not come true in time. */
export async function until(condition: () => boolean | Promise<boolean>, timeoutMs = 30_000): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error('the condition did not come true in time');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/**
 * How to reach a server with our key, host keys known, and nothing of the machine's own SSH configuration.
 */
export function targetOf(sshd: Pick<Sshd, 'name' | 'port' | 'knownHosts'>, ssh: SshSettings = {}): SshTarget {
  return {
    name: sshd.name,
    address: '127.0.0.1',
    become: true,
    ssh: {
      user: 'root',
      port: sshd.port,
      configFile: 'none',
      identityFile: userKey,
      identitiesOnly: true,
      identityAgent: 'none',
      knownHostsFile: sshd.knownHosts,
      strictHostKeyChecking: 'yes',
      ...ssh,
    },
  };
}

/** Options of a run that nobody is there to answer. `secrets` answers sources by name of the variable. */
export function unattended(secrets: Readonly<Record<string, string>> = {}): ConnectOptions {
  return {
    prompter: { interactive: false, ask: async () => undefined },
    resolveSecret: async (source) => ('env' in source ? (secrets[source.env] ?? '') : ''),
  };
}

/** Options of a run with an operator who answers by pattern; what was asked is kept. */
export function attended(answers: readonly (readonly [RegExp, string | undefined])[]): ConnectOptions & {
  readonly asked: string[];
  readonly notices: string[];
} {
  const asked: string[] = [];
  const notices: string[] = [];
  return {
    ...unattended(),
    asked,
    notices,
    notify: (_host, notice) => void notices.push(notice),
    prompter: {
      interactive: true,
      ask: async (question) => {
        asked.push(question);
        return answers.find(([pattern]) => pattern.test(question))?.[1];
      },
    },
  };
}

/** A throwaway user of this machine. */
export type TestUser = { readonly name: string; readonly home: string; readonly remove: () => void };

/** Makes a user with the given login shell and password ('*': none, but keys work). Needs root. */
export function addUser(options: { shell?: string; password?: string } = {}): TestUser {
  const name = `wg${process.pid}x${Math.random().toString(36).slice(2, 6)}`;
  const home = `/home/${name}`;
  locked('useradd', ['-m', '-d', home, '-s', options.shell ?? '/bin/bash', '-p', '*', name]);
  if (options.password !== undefined) locked('chpasswd', [], `${name}:${options.password}\n`);
  return {
    name,
    home,
    remove() {
      locked('userdel', ['-f', name]);
      rmSync(home, { recursive: true, force: true });
      rmSync(`/etc/sudoers.d/${name}`, { force: true });
    },
  };
}

/** Lets a user become root by sudo, with these lines of sudoers; `%u` is the user. */
export function allowSudo(user: TestUser, lines: string): void {
  const file = `/etc/sudoers.d/${user.name}`;
  writeFileSync(file, `${lines.replaceAll('%u', user.name)}\n`, { mode: 0o440 });
  execFileSync('visudo', ['-cf', file]);
}

/** The account tools lock /etc/passwd and give up at once when another test has it. */
function locked(program: string, args: readonly string[], input = ''): void {
  for (let attempt = 1; ; attempt++) {
    try {
      execFileSync(program, args, { input, stdio: ['pipe', 'ignore', 'pipe'] });
      return;
    } catch (error) {
      if (attempt === 50 || !/lock/.test(String(error))) throw error;
      execFileSync('sleep', ['0.2']);
    }
  }
}

/** Installs what a test needs on this machine, when it is not there. */
export function needPackage(program: string, name = program): void {
  const found = ['/usr/bin', '/usr/sbin', '/bin'].some((directory) => existsSync(join(directory, program)));
  if (found) return;
  execFileSync('apt-get', ['install', '-y', '-qq', '-o', 'DPkg::Lock::Timeout=300', name], {
    stdio: 'ignore',
  });
}

/** True when something listens on a port of this machine. */
export async function isOpen(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
