import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { PassThrough } from 'node:stream';
import type { Duplex, Readable, Writable } from 'node:stream';
import { joinStreams } from '../forward/join-streams.ts';
import { ForwardFailure, TooManyChannels } from '../link.ts';
import type { Channel } from '../link.ts';

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

/**
 * Arguments for an ssh that goes through a master and nowhere else: without the ProxyCommand that fails, ssh
 * would quietly make a connection of its own when the master refuses.
 */
export function muxArguments(controlPath: string): string[] {
  return [
    '-F',
    'none',
    '-S',
    controlPath,
    '-o',
    'ControlMaster=no',
    '-o',
    'ProxyCommand=false',
    '-o',
    'BatchMode=yes',
  ];
}

/** Runs a command through a master. Throws TooManyChannels when the server refuses another session. */
export async function muxExec(controlPath: string, command: string): Promise<Channel> {
  const child = start(controlPath, ['-T', 'weedgo', command]);
  const stderr = new PassThrough();
  const opened = await outcome(child, stderr);
  if (opened !== true) throw /refused by peer/.test(opened) ? new TooManyChannels(opened) : new Error(opened);
  return {
    stdin: child.stdin,
    stdout: child.stdout,
    stderr,
    closed: new Promise((resolve) => {
      if (child.exitCode !== null) resolve();
      child.once('exit', () => resolve());
    }),
    destroy() {
      for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy();
      child.kill();
    },
  };
}

/** A stream to `address:port` through a master. Why one is refused only the master knows. */
export async function muxForward(controlPath: string, address: string, port: number): Promise<Duplex> {
  const place = `${address.includes(':') ? `[${address}]` : address}:${port}`;
  const child = start(controlPath, ['-W', place, 'weedgo']);
  const opened = await outcome(child, new PassThrough().resume());
  if (opened !== true) throw new ForwardFailure('unknown', opened);
  return joinStreams(child.stdout, child.stdin, () => child.kill());
}

function start(controlPath: string, args: readonly string[]): Child {
  // -v: it says when the master has opened the session. A session of its own, as for the master.
  const child = spawn('ssh', ['-v', ...muxArguments(controlPath), ...args], {
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  for (const stream of [child.stdin, child.stdout, child.stderr]) stream.on('error', () => undefined);
  return child;
}

/** What ssh said, without what `-v` adds to it. */
export function withoutDebug(said: string): string {
  const added = /^(debug\d:|OpenSSH_|Transferred:|Bytes per second:|Authenticated to).*\r?\n?/gm;
  return said.replace(added, '').trim();
}

const opening = /master session id/;
/** `-v` says it within a few lines; a server's banner may stand before. */
const keepBytes = 65_536;
/** For an OpenSSH that words it otherwise: what is still running by then was not refused. */
const patienceMs = 2_000;

/** True when the session is open, else what ssh said. Its stderr is piped to `rest`. */
async function outcome(child: Child, rest: PassThrough): Promise<true | string> {
  let said = '';
  child.stderr.pipe(rest);
  return await new Promise((resolve) => {
    const timer = setTimeout(() => resolve(true), patienceMs);
    const done = (result: true | string): void => {
      clearTimeout(timer);
      child.stderr.off('data', listen);
      resolve(result);
    };
    const listen = (chunk: Buffer): void => {
      said = (said + chunk.toString()).slice(-keepBytes);
      if (opening.test(said)) done(true);
    };
    child.stderr.on('data', listen);
    child.once('error', (error) => done(error.message));
    child.once('close', () => done(withoutDebug(said)));
  });
}
