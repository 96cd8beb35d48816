import { describe, expect, it } from 'vitest';
import { connectHost } from '../../../src/ssh/connect.ts';
import type { KeyType } from '../../support/sshd.ts';
import { startSshd, targetOf, unattended } from '../../support/sshd.ts';

/** Servers that were hardened: what ssh2 has works, what it lacks is named and left to OpenSSH. */

const tryWith = async (
  config: string,
  transport: 'auto' | 'ssh2' | 'openssh',
  hostKeys: readonly KeyType[] = ['ed25519'],
) => {
  const sshd = await startSshd({ name: 'redis1', config, hostKeys });
  try {
    const shell = await connectHost(targetOf(sshd, { transport }), unattended());
    const { stdout } = await shell.run({ script: 'wc -c', stdin: Buffer.alloc(3_000_000) });
    await shell.close();
    return { transport: shell.transport, reason: shell.reason ?? '', bytes: stdout.trim() };
  } finally {
    await sshd.stop();
  }
};

describe('what ssh2 has', () => {
  it.each([
    'KexAlgorithms curve25519-sha256',
    'KexAlgorithms curve25519-sha256@libssh.org',
    'KexAlgorithms diffie-hellman-group16-sha512',
    'KexAlgorithms sntrup761x25519-sha512@openssh.com,curve25519-sha256',
    'Ciphers chacha20-poly1305@openssh.com',
    'Ciphers aes256-gcm@openssh.com',
    'Ciphers aes128-gcm@openssh.com',
    'Ciphers aes256-ctr\nMACs hmac-sha2-512-etm@openssh.com',
    'Ciphers aes128-ctr\nMACs hmac-sha2-256',
    'HostKeyAlgorithms ssh-ed25519\nKexAlgorithms curve25519-sha256\nCiphers chacha20-poly1305@openssh.com,aes256-gcm@openssh.com',
  ])('%s', async (config) => {
    for (const transport of ['auto', 'openssh'] as const) {
      const taken = transport === 'auto' ? 'ssh2' : 'openssh';
      expect(await tryWith(config, transport)).toMatchObject({ transport: taken, bytes: '3000000' });
    }
  });

  it.each(['ed25519', 'rsa', 'ecdsa'] as const)('a server with only an %s host key', async (type) => {
    expect(await tryWith('', 'auto', [type])).toMatchObject({ transport: 'ssh2' });
  });
});

describe('what ssh2 lacks', () => {
  it.each([
    [
      'KexAlgorithms sntrup761x25519-sha512@openssh.com',
      /key exchange algorithm.*sntrup761x25519-sha512@openssh.com/,
    ],
    ['Ciphers aes128-ctr\nMACs umac-128-etm@openssh.com', /MAC.*umac-128-etm@openssh.com/],
  ])('%s', async (config, reason) => {
    const refusal = tryWith(config, 'ssh2');
    await expect(refusal).rejects.toMatchObject({
      stage: 'handshake',
      host: 'redis1',
      hints: [expect.stringContaining('openssh')],
    });
    await expect(refusal).rejects.toThrow(reason);
    const taken = await tryWith(config, 'auto');
    expect(taken).toMatchObject({ transport: 'openssh', bytes: '3000000' });
    expect(taken.reason).toMatch(reason);
  });
});

it('a server that rekeys after every megabyte is worked with', async () => {
  for (const transport of ['ssh2', 'openssh'] as const) {
    expect(await tryWith('RekeyLimit 1M', transport)).toMatchObject({ bytes: '3000000' });
  }
});
