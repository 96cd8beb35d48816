import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { connectHost, connectHosts } from '../../../src/ssh/connect.ts';
import { createPool } from '../../../src/ssh/pool.ts';
import type { Shell } from '../../../src/ssh/shell.ts';
import type { Sshd, SshdOptions } from '../../support/sshd.ts';
import { startSshd, targetOf, unattended, until } from '../../support/sshd.ts';

const transports = ['ssh2', 'openssh'] as const;
const running: Sshd[] = [];
const server = async (config: string, options: Partial<SshdOptions> = {}): Promise<Sshd> => {
  const sshd = await startSshd({ name: 'redis1', config, ...options });
  running.push(sshd);
  return sshd;
};

afterEach(async () => {
  await Promise.all(running.splice(0).map(async (sshd) => await sshd.stop()));
});

/** Answers each line with the same, until it is closed. */
const echo = createServer((peer) =>
  peer.on('data', (chunk) => peer.write(chunk)).on('error', () => undefined),
);
beforeAll(async () => await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve)));
afterAll(() => echo.close());
const echoPort = (): number => (echo.address() as AddressInfo).port;

const sayAndHear = async (shell: Shell, text: string): Promise<{ heard: string; end: () => void }> => {
  const stream = await shell.forward('127.0.0.1', echoPort());
  const heard = new Promise<string>((resolve) => stream.once('data', (chunk) => resolve(String(chunk))));
  stream.write(text);
  return { heard: await heard, end: () => stream.destroy() };
};

describe.each(transports)('MaxSessions over %s', (transport) => {
  it.each([1, 2, 10])('%i is enough for many scripts at once, and for forwards beside them', async (most) => {
    const sshd = await server(`MaxSessions ${most}`);
    const shell = await connectHost(targetOf(sshd, { transport }), unattended());
    const streams = await Promise.all(['a', 'b', 'c'].map(async (text) => await sayAndHear(shell, text)));
    const runs = Array.from({ length: 25 }, async (_, index) => await shell.run({ script: `echo ${index}` }));
    expect((await Promise.all(runs)).map(({ stdout }) => Number(stdout))).toEqual(
      runs.map((_, index) => index),
    );
    expect(streams.map(({ heard }) => heard)).toEqual(['a', 'b', 'c']);
    for (const stream of streams) stream.end();
    await shell.close();
  });

  it('0 is an error that says so', async () => {
    const sshd = await server('MaxSessions 0');
    const refusal = connectHost(targetOf(sshd, { transport }), unattended());
    await expect(refusal).rejects.toThrow(/redis1 allows no session/);
  });
});

describe.each(transports)('where nothing is forwarded, over %s', (transport) => {
  it.each(['AllowTcpForwarding no', 'PermitOpen none', 'AllowTcpForwarding no\nMaxSessions 1'])(
    '%s: bash does it, beside scripts',
    async (config) => {
      const sshd = await server(config);
      const shell = await connectHost(targetOf(sshd, { transport }), unattended());
      const streams = await Promise.all(['a', 'b', 'c'].map(async (text) => await sayAndHear(shell, text)));
      expect(streams.map(({ heard }) => heard)).toEqual(['a', 'b', 'c']);
      expect((await shell.run({ script: 'echo beside' })).stdout).toBe('beside\n');
      for (const stream of streams) stream.end();
      await until(async () => (await connections()) === 0);
      const again = await sayAndHear(shell, 'again');
      expect(again.heard).toBe('again');
      await shell.close();
      await until(async () => (await connections()) === 0);
    },
  );

  it('leaves no connection behind when it is closed while one is being opened', async () => {
    const sshd = await server('AllowTcpForwarding no');
    const shell = await connectHost(targetOf(sshd, { transport }), unattended());
    await shell.run({ script: ':' });
    const before = sshd.pids().length;
    const opening = shell.forward('127.0.0.1', echoPort());
    const ended = expect(opening).rejects.toThrow();
    await until(() => sshd.pids().length > before);
    await shell.close();
    await ended;
    await expect(shell.forward('127.0.0.1', echoPort())).rejects.toThrow();
    await until(() => sshd.pids().length === 1);
  });

  it('sees the other end close, and a port where nobody listens', async () => {
    const sshd = await server('AllowTcpForwarding no');
    const shell = await connectHost(targetOf(sshd, { transport }), unattended());
    const once = createServer((peer) => peer.end('bye'));
    await new Promise<void>((resolve) => once.listen(0, '127.0.0.1', resolve));
    const stream = await shell.forward('127.0.0.1', (once.address() as AddressInfo).port);
    let text = '';
    stream.on('data', (chunk) => (text += String(chunk)));
    await new Promise((resolve) => stream.once('close', resolve).resume());
    expect(text).toBe('bye');
    once.close();
    await expect(shell.forward('127.0.0.1', 1)).rejects.toThrow(
      /127.0.0.1:1 cannot be reached from redis1: .*refused/,
    );
    await shell.close();
  });

  it('passes bytes as they are', async () => {
    const sshd = await server('AllowTcpForwarding no');
    const shell = await connectHost(targetOf(sshd, { transport }), unattended());
    const stream = await shell.forward('127.0.0.1', echoPort());
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    for (let time = 0; time < 1000; time++) stream.write(bytes);
    await until(() => Buffer.concat(chunks).length === 256_000);
    expect(Buffer.concat(chunks).equals(Buffer.concat(Array.from({ length: 1000 }, () => bytes)))).toBe(true);
    stream.destroy();
    await shell.close();
  });
});

async function connections(): Promise<number> {
  return await new Promise((resolve, reject) =>
    echo.getConnections((error, count) => (error ? reject(error) : resolve(count))),
  );
}

/** Connections that sit on a server without logging in, as others' do. */
function crowd(at: number, count: number): Socket[] {
  return Array.from({ length: count }, () => {
    const socket = connect(at, '127.0.0.1');
    socket.on('error', () => undefined).resume();
    return socket;
  });
}

describe.each(transports)('MaxStartups over %s', (transport) => {
  it('10:30:100 takes 30 connections at once', async () => {
    const sshd = await server('MaxStartups 10:30:100');
    const targets = Array.from({ length: 30 }, (_, index) => ({
      ...targetOf(sshd, { transport }),
      name: `h${index}`,
    }));
    const { shells, unreachable } = await connectHosts(targets, unattended());
    expect([...unreachable.values()].map(({ message }) => message)).toEqual([]);
    expect(sshd.log()).not.toMatch(/drop connection/);
    await Promise.all([...shells.values()].map(async (shell) => await shell.close()));
  });

  it('a connection that is dropped is tried again', async () => {
    const sshd = await server('MaxStartups 2:100:2\nLoginGraceTime 0');
    const others = crowd(sshd.port, 2);
    await until(() => sshd.pids().length > 2);
    const connecting = connectHost(targetOf(sshd, { transport }), unattended());
    await until(() => /drop connection|past MaxStartups/.test(sshd.log()));
    for (const socket of others) socket.destroy();
    const shell = await connecting;
    expect((await shell.run({ script: 'echo in' })).stdout).toBe('in\n');
    await shell.close();
  });

  it('and is given up after a while, with the reason', async () => {
    const sshd = await server('MaxStartups 1:100:1\nLoginGraceTime 0');
    const others = crowd(sshd.port, 1);
    await until(() => sshd.pids().length > 1);
    const refusal = connectHost(targetOf(sshd, { transport }), unattended());
    await expect(refusal).rejects.toMatchObject({ stage: 'handshake', host: 'redis1' });
    for (const socket of others) socket.destroy();
    expect(sshd.log().match(/drop connection/g)?.length ?? 0).toBeLessThan(12);
  });
});

describe.each(transports)(
  'a jump host with MaxStartups 3:50:6 in front of 12 hosts, over %s',
  (transport) => {
    it('takes them all, through one connection', async () => {
      const jump = await server('MaxStartups 3:50:6', { name: 'jump' });
      const hosts = await Promise.all(
        Array.from({ length: 12 }, async (_, index) => await server('', { name: `h${index}` })),
      );
      const known = hosts.map((host) => host.knownHosts);
      const targets = hosts.map((host) =>
        targetOf(host, {
          transport,
          proxyJump: `root@127.0.0.1:${jump.port}`,
          knownHostsFile: [jump.knownHosts, ...known],
        }),
      );
      const { shells, unreachable } = await connectHosts(targets, { ...unattended(), pool: createPool() });
      expect([...unreachable.values()].map(({ message }) => message)).toEqual([]);
      expect(shells.size).toBe(12);
      expect(jump.log().match(/Accepted publickey/g)).toHaveLength(1);
      const ran = await Promise.all(
        [...shells.values()].map(async (shell) => await shell.run({ script: 'echo $SSH_CONNECTION' })),
      );
      expect(new Set(ran.map(({ stdout }) => stdout.trim().split(' ')[3])).size).toBe(12);
      await Promise.all([...shells.values()].map(async (shell) => await shell.close()));
      await until(() => jump.pids().length === 1);
    });
  },
);
