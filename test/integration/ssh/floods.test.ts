import { chmodSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { connectNode } from '../../../src/redis/connect.ts';
import { isFailure } from '../../../src/redis/connection.ts';
import { connectHost } from '../../../src/ssh/connect.ts';
import { localShell } from '../../../src/ssh/local.ts';
import { scratch, type Sshd, startSshd, targetOf, unattended } from '../../support/sshd.ts';

const directory = scratch('floods');
const running: (Sshd | Server)[] = [];

afterEach(async () => {
  for (const each of running.splice(0)) {
    if ('stop' in each) await each.stop();
    else each.close();
  }
});

/** An sshd whose shell runs what it is sent, but floods where `when` (a sh pattern) is in the line. */
async function flooding(when: string, config = ''): Promise<Sshd> {
  const shell = join(directory, `shell-${running.length}-${when.length}`);
  writeFileSync(
    shell,
    `#!/bin/bash
id() { case $1 in -u) echo 1000;; *) echo deploy;; esac; }
sudo() { :; }
while IFS= read -r line; do
  case $line in ${when}) exec cat /dev/zero;; weedgo-redis:*) eval "\${line#weedgo-redis:}"; exit;; esac
done
`,
  );
  chmodSync(shell, 0o755);
  const sshd = await startSshd({ name: 'redis1', config: `ForceCommand ${shell}\n${config}` });
  running.push(sshd);
  return sshd;
}

describe.each(['ssh2', 'openssh'] as const)('a host that floods, over %s', (transport) => {
  it('instead of an answer of sudo: stopped after a megabyte', async () => {
    const sshd = await flooding('*sudo*-n*');
    const connecting = connectHost(targetOf(sshd, { transport }), unattended());
    await expect(connecting).rejects.toThrow('redis1 sent more than 1.0 MB for a probe; it was stopped');
  });

  it('before a script begins: stopped', async () => {
    const sshd = await flooding('*"unknown word"*|*m=*');
    const connecting = connectHost(targetOf(sshd, { transport }), unattended());
    await expect(connecting).rejects.toThrow('redis1 sent more than 64.0 MB for a script; it was stopped');
  });

  it('instead of a connection that bash opens: stopped', async () => {
    const sshd = await flooding("*'exec bash'*", 'AllowTcpForwarding no\nPermitUserEnvironment no');
    const target = { ...targetOf(sshd, { transport }), become: false };
    const shell = await connectHost(target, { ...unattended(), privilege: 'try' });
    try {
      await expect(shell.forward('127.0.0.1', 1)).rejects.toThrow(/the login printed more than 256/);
    } finally {
      await shell.close();
    }
  });
});

describe('a server that never finishes a reply', () => {
  it.each([
    ['a string', '$2000000000\r\n'],
    ['a list', '*2000000000\r\n'],
    ['an error', '-ERR '],
  ])('%s: stopped, and the node and the command are named', async (_name, begin) => {
    const element = Buffer.from((begin.startsWith('*') ? '$5\r\nhello\r\n' : 'x'.repeat(11)).repeat(6000));
    const flood = (socket: Socket): void => {
      const write = (): void => {
        while (!socket.destroyed && socket.write(element));
        if (!socket.destroyed) socket.once('drain', write);
      };
      write();
    };
    const server = createServer((socket) => {
      socket
        .on('error', () => undefined)
        .on('data', (chunk) => {
          if (String(chunk).includes('PING')) socket.write('+PONG\r\n');
          else if (socket.write(begin)) flood(socket);
        });
    });
    running.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const node = {
      id: `local:${port}`,
      host: 'local',
      address: '127.0.0.1',
      port,
      busPort: port + 10_000,
      shard: 1,
      preferredRole: 'master' as const,
      zone: undefined,
    };
    const connection = await connectNode(localShell('local'), node, {
      password: undefined,
      vouch: async () => ({ kind: 'own' }),
    });
    if (isFailure(connection)) throw new Error(connection.reason);
    await expect(connection.call(['INFO'], { timeoutMs: 4000 })).rejects.toThrow(
      /^local:\d+ sent [\d.]+ MB without a complete reply to INFO/,
    );
    expect(connection.closed()).toBe(true);
  });
});
