import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { OperationError } from '../../../src/base/errors.ts';
import { connectHost, connectHosts } from '../../../src/ssh/connect.ts';
import type { Sshd } from '../../support/sshd.ts';
import { scratch, startSshd, targetOf, unattended, until } from '../../support/sshd.ts';

/** Connections that break, servers that fall silent. */

const transports = ['ssh2', 'openssh'] as const;
const directory = scratch('cut');
let sshd: Sshd;
const stopped: number[] = [];
const servers: Server[] = [];

/** A TCP server of any behaviour; the port. */
const listen = async (behave: (peer: Socket) => void): Promise<number> => {
  const server = createServer((peer) => {
    peer.on('error', () => undefined);
    behave(peer);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
};
const signal = (pid: number, name: NodeJS.Signals): void => {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended.
  }
};

beforeAll(async () => {
  sshd = await startSshd({ name: 'redis1' });
});
afterEach(() => {
  for (const pid of stopped.splice(0)) signal(pid, 'SIGCONT');
  for (const server of servers.splice(0)) server.close();
});
afterAll(async () => await sshd.stop());

/** Processes of the sessions on our server, the listener aside. */
const sessions = (): number[] => sshd.pids().slice(1);

describe.each(transports)('over %s', (transport) => {
  const connect = async (keepalive: number) =>
    await connectHost(targetOf(sshd, { transport, keepalive }), unattended());

  it('a server that stops answering in the middle of a script is noticed, and named', async () => {
    const shell = await connect(2);
    const started = join(directory, `started-${transport}`);
    const run = shell.run({ script: `touch ${started}; sleep 600`, timeoutMs: 300_000 });
    const rejected = expect(run).rejects.toThrow(
      /the connection to redis1 .* was lost: it has not answered for 2 s/,
    );
    await until(() => existsSync(started));
    stopped.push(...sessions());
    for (const pid of stopped) signal(pid, 'SIGSTOP');
    await rejected;
    await expect(run).rejects.toBeInstanceOf(OperationError);
    await expect(run).rejects.toMatchObject({ host: 'redis1' });
    await expect(shell.run({ script: ':' })).rejects.toThrow(/redis1/);
    await expect(shell.forward('127.0.0.1', 1)).rejects.toThrow(/redis1/);
    await shell.close();
  });

  it('a script whose connection is cut is killed on the host', async () => {
    const shell = await connect(15);
    const pidFile = join(directory, `pid-${transport}`);
    const run = shell.run({ script: `echo $$ > ${pidFile}; sleep 600` });
    const rejected = expect(run).rejects.toThrow(/redis1/);
    await until(() => existsSync(pidFile) && readFileSync(pidFile, 'utf8') !== '');
    const pid = readFileSync(pidFile, 'utf8').trim();
    // sshd's own processes, not what they run: as when the network is cut and sshd gives up.
    for (const each of sessions()) if (commandOf(each).startsWith('sshd')) signal(each, 'SIGKILL');
    await rejected;
    await until(() => !existsSync(`/proc/${pid}`));
    await shell.close();
  });

  it('a quiet but living connection is kept', async () => {
    const shell = await connect(1);
    const { stdout } = await shell.run({ script: 'sleep 4; echo still here' });
    expect(stdout).toBe('still here\n');
    await shell.close();
  });

  it('a server that takes the connection and never speaks is given up, and named', async () => {
    const port = await listen(() => undefined);
    const silent = { ...targetOf({ ...sshd, port }, { transport, connectTimeout: 1 }), name: 'redis9' };
    const refusal = connectHost(silent, unattended());
    await expect(refusal).rejects.toMatchObject({ stage: 'handshake', host: 'redis9' });
    await expect(refusal).rejects.toThrow(/redis9 .* took the connection but said nothing within 1 s/);
  });

  it('a server that stops in the middle of the handshake is given up', async () => {
    const port = await listen((peer) => peer.write('SSH-2.0-OpenSSH_9.2\r\n'));
    const refusal = connectHost(targetOf({ ...sshd, port }, { transport, connectTimeout: 1 }), unattended());
    await expect(refusal).rejects.toMatchObject({ host: 'redis1' });
  });

  it('a server that is none is told apart', async () => {
    const port = await listen((peer) => peer.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    const refusal = connectHost(targetOf({ ...sshd, port }, { transport }), unattended());
    await expect(refusal).rejects.toMatchObject({ stage: 'handshake', host: 'redis1' });
  });

  it('a server that turns this machine away after failed logins is told apart', async () => {
    const port = await listen((peer) => peer.end('Not allowed at this time\r\n'));
    const refusal = connectHost(targetOf({ ...sshd, port }, { transport }), unattended());
    await expect(refusal).rejects.toMatchObject({
      stage: 'handshake',
      host: 'redis1',
      hints: [expect.stringContaining('PerSourcePenalties')],
    });
  });

  it('a closed port is told at once', async () => {
    const refusal = connectHost(targetOf({ ...sshd, port: 1 }, { transport }), unattended());
    await expect(refusal).rejects.toMatchObject({ stage: 'tcp', host: 'redis1' });
    await expect(refusal).rejects.toThrow(/refused/);
  });

  it('a name without an address is told as that', async () => {
    const nowhere = { ...targetOf(sshd, { transport }), address: 'no-such-host.invalid' };
    await expect(connectHost(nowhere, unattended())).rejects.toMatchObject({
      stage: 'resolve',
      host: 'redis1',
    });
  });

  it('one host that fails does not hold up the others', async () => {
    const port = await listen(() => undefined);
    const good = { ...targetOf(sshd, { transport }), name: 'good' };
    const bad = { ...targetOf({ ...sshd, port }, { transport, connectTimeout: 1 }), name: 'bad' };
    const { shells, unreachable } = await connectHosts([good, bad], unattended());
    expect([...shells.keys()]).toEqual(['good']);
    expect([...unreachable.keys()]).toEqual(['bad']);
    await shells.get('good')?.close();
  });

  it('an interruption ends connecting, and closes what was connected', async () => {
    const port = await listen(() => undefined);
    // Those of the test before may still be ending.
    await until(() => sessions().length === 0);
    const before = sshd.pids().length;
    const abort = new AbortController();
    const silent = { ...targetOf({ ...sshd, port }, { transport }), name: 'silent' };
    const connecting = connectHosts([targetOf(sshd, { transport }), silent], {
      ...unattended(),
      signal: abort.signal,
    });
    const rejected = expect(connecting).rejects.toMatchObject({ kind: 'interrupted' });
    await until(() => sshd.pids().length > before);
    abort.abort();
    await rejected;
    await until(() => sshd.pids().length === before);
  });
});

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
