import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { constants } from 'node:fs';
import { access, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { messageOf } from '../../base/message-of.ts';
import { askpassProgram } from '../ask.ts';
import type { Context } from '../ask.ts';
import { askpassRelay } from './askpass-relay.ts';
import { ConnectError } from '../connect-error.ts';
import { clientArguments } from '../settings/client-arguments.ts';
import type { HostConfig } from '../settings/config.ts';
import { muxArguments } from './mux.ts';
import { answersFor } from './answers.ts';

/** A running `ssh -M`: one authenticated connection that others go through. */
export type Master = {
  readonly controlPath: string;
  /** What it has said on stderr, the last of it. */
  readonly said: () => string;
  /** Resolves when the connection is authenticated, or to false when ssh gave up. */
  readonly ready: Promise<boolean>;
  readonly ended: Promise<void>;
  readonly close: () => Promise<void>;
};

const readyLine = 'weedgo-redis-ready';
const keepBytes = 65_536;
/** Unix sockets have at most 107 bytes of path, and ssh appends 17 while it makes one. */
const longestTmp = 60;

/**
 * Stops ssh when its own stdin ends, which it does when the operator's process is gone, however it went: no
 * connection outlives the product. Removes the sockets after it.
 */
const keeper = `dir=$1; shift; exec 3<&0 4>&2 2>/dev/null
"$@" </dev/null 2>&4 3<&- 4>&- & ssh=$!
exec 4>&-
{ cat <&3; kill $ssh; } >/dev/null & keeper=$!
wait $ssh; code=$?; kill $keeper; rm -rf "$dir"; exit $code`;

/**
 * A folder for sockets and for the program that answers ssh's questions, where programs may be run (no
 * noexec).
 */
async function makeFolder({ host }: HostConfig): Promise<string> {
  const candidates = [tmpdir(), process.env['XDG_RUNTIME_DIR'] ?? '', '/tmp', '/var/tmp'];
  const problems: string[] = [];
  for (const base of new Set(candidates.filter((path) => path !== '' && path.length <= longestTmp))) {
    try {
      const directory = await mkdtemp(join(base, 'weedgo-ssh-'));
      const program = join(directory, 'try');
      await writeFile(program, '', { mode: 0o700 });
      try {
        await access(program, constants.X_OK);
        return directory;
      } catch {
        await rm(directory, { recursive: true, force: true });
        problems.push(`${base} is mounted noexec`);
      }
    } catch (error) {
      problems.push(messageOf(error));
    }
  }
  throw new ConnectError('config', `there is no folder for the files of ssh: ${problems.join('; ')}`, {
    host,
    hints: [
      `Set TMPDIR to a folder of at most ${longestTmp} characters where you may write and run programs.`,
    ],
  });
}

/** Starts the system's ssh as a master for one server; its questions come to the operator through us. */
export async function startMaster(
  context: Context,
  config: HostConfig,
  via: string | undefined,
): Promise<Master> {
  const directory = await makeFolder(config);
  const controlPath = join(directory, 'm');
  const relay = await askpassRelay(directory, answersFor(context, config));
  const command = ['ssh', ...masterArguments(context, config, { controlPath, via })];
  const child = spawn('/bin/sh', ['-c', keeper, 'weedgo-redis', directory, ...command], {
    // A session of its own: an interrupt at the terminal is ours to deal with.
    detached: true,
    env: { ...process.env, ...relay.environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const ended = new Promise<void>((resolve) => {
    child.once('error', () => resolve());
    child.once('close', () => resolve());
  }).then(async () => {
    relay.close();
    child.stdin.destroy();
    await rm(directory, { recursive: true, force: true });
  });
  return { controlPath, ...listenTo(child, ended), ended, close: async () => await stop(child.stdin, ended) };
}

function masterArguments(
  context: Context,
  config: HostConfig,
  { controlPath, via }: { controlPath: string; via: string | undefined },
): string[] {
  const strict = config.strictHostKeyChecking;
  const alive = Math.max(1, Math.round(config.keepaliveMs / 3000));
  const options = {
    ControlMaster: 'yes',
    ControlPath: controlPath,
    ControlPersist: 'no',
    // Nobody to ask: ssh would ask the relay for nothing.
    StrictHostKeyChecking: strict === 'ask' && !context.prompter.interactive ? 'yes' : strict,
    ConnectTimeout: Math.ceil(config.connectTimeoutMs / 1000),
    ServerAliveInterval: alive,
    ServerAliveCountMax: 3,
    TCPKeepAlive: 'yes',
    PermitLocalCommand: 'yes',
    LocalCommand: `echo ${readyLine}`,
    RemoteCommand: 'none',
    RequestTTY: 'no',
    ForwardX11: 'no',
    ClearAllForwardings: 'yes',
    LogLevel: 'DEBUG1',
    NumberOfPasswordPrompts: config.settings.password === undefined ? config.passwordPrompts : 1,
    // Where nobody answers, ssh would send empty passwords.
    ...(canAnswer(context, config)
      ? {}
      : { PasswordAuthentication: 'no', KbdInteractiveAuthentication: 'no' }),
    ...(via === undefined ? {} : { ProxyCommand: `ssh ${muxArguments(via).join(' ')} -W [%h]:%p weedgo` }),
  };
  return [
    ...Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]),
    ...clientArguments(config.settings),
    '-N',
    '-T',
    '--',
    config.address,
  ];
}

function canAnswer(context: Context, config: HostConfig): boolean {
  const { interactive } = context.prompter;
  return interactive || config.settings.password !== undefined || askpassProgram(interactive) !== undefined;
}

function listenTo(
  child: ChildProcessByStdio<Writable, Readable, Readable>,
  ended: Promise<void>,
): Pick<Master, 'said' | 'ready'> {
  let [said, out] = ['', ''];
  child.stdin.on('error', () => undefined);
  child.stderr.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-keepBytes)));
  const ready = new Promise<boolean>((resolve) => {
    child.stdout.on('data', (chunk: Buffer) => {
      out = (out + chunk.toString()).slice(-keepBytes);
      if (out.includes(readyLine)) resolve(true);
    });
    void ended.then(() => resolve(false));
  });
  return { said: () => said, ready };
}

async function stop(stdin: Writable, ended: Promise<void>): Promise<void> {
  stdin.end();
  await ended;
}
