import { spawn } from 'node:child_process';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { OperationError } from '../base/errors.ts';
import { bootCommand } from './script/frame.ts';
import { ForwardFailure } from './link.ts';
import type { Channel, Link } from './link.ts';
import { linkShell } from './link-shell.ts';
import type { Shell } from './shell.ts';

/**
 * What a login would have; the operator's environment may hold secrets and stays out of what scripts start.
 */
const inherited = ['HOME', 'LOGNAME', 'PATH', 'SHELL', 'TMPDIR', 'USER', 'XDG_RUNTIME_DIR', 'XDG_STATE_HOME'];

/**
 * This machine as a host: scripts run as the present user, `asRoot` is ignored, forwards are plain sockets.
 */
export function localShell(name: string): Shell {
  let close: (error: OperationError) => void;
  const lost = new Promise<OperationError>((resolve) => {
    close = resolve;
  });
  const link: Link = {
    host: name,
    transport: 'local',
    exec: async () => spawnShell(),
    forward: connectTo,
    lost,
    close: async () => close(new OperationError(`${name} was closed`, { host: name })),
  };
  return linkShell({ link, openChannel: async () => spawnShell(), privilege: { kind: 'root' } });
}

function spawnShell(): Channel {
  const env = Object.fromEntries(
    inherited.flatMap((key) => (process.env[key] ? [[key, process.env[key]]] : [])),
  );
  // A process group of its own, so that a script can be killed with all it started.
  const child = spawn('/bin/sh', ['-c', bootCommand], { detached: true, env, cwd: '/' });
  const { stdin, stdout, stderr } = child;
  for (const stream of [stdin, stdout, stderr]) stream.on('error', () => undefined);
  return {
    stdin,
    stdout,
    stderr,
    closed: new Promise((resolve) => {
      child.once('exit', () => resolve());
      child.once('error', () => resolve());
    }),
    destroy() {
      for (const stream of [stdin, stdout, stderr]) stream.destroy();
    },
  };
}

/** Opens a socket with Nagle's algorithm off. */
async function connectTo(address: string, port: number): Promise<Duplex> {
  return await new Promise((resolve, reject) => {
    const socket = connect({ host: address, port, noDelay: true });
    socket.once('error', (error) => reject(new ForwardFailure('refused', error.message)));
    socket.once('connect', () => {
      socket.removeAllListeners('error');
      resolve(socket);
    });
  });
}
