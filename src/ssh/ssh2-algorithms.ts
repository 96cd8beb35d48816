import type { Algorithms as Ssh2Algorithms, ServerHostKeyAlgorithm } from 'ssh2';
import type { HostConfig } from './config.ts';

/** What ssh2 can do, most wanted first (its own defaults, less SHA-1). */
const supported = {
  kex: [
    'curve25519-sha256',
    'curve25519-sha256@libssh.org',
    'ecdh-sha2-nistp256',
    'ecdh-sha2-nistp384',
    'ecdh-sha2-nistp521',
    'diffie-hellman-group-exchange-sha256',
    'diffie-hellman-group14-sha256',
    'diffie-hellman-group15-sha512',
    'diffie-hellman-group16-sha512',
    'diffie-hellman-group17-sha512',
    'diffie-hellman-group18-sha512',
  ],
  cipher: [
    'aes128-gcm@openssh.com',
    'aes256-gcm@openssh.com',
    'chacha20-poly1305@openssh.com',
    'aes128-ctr',
    'aes192-ctr',
    'aes256-ctr',
  ],
  mac: [
    'hmac-sha2-256-etm@openssh.com',
    'hmac-sha2-512-etm@openssh.com',
    'hmac-sha2-256',
    'hmac-sha2-512',
    'hmac-sha1-etm@openssh.com',
    'hmac-sha1',
  ],
  hostKey: [
    'ssh-ed25519',
    'ecdsa-sha2-nistp256',
    'ecdsa-sha2-nistp384',
    'ecdsa-sha2-nistp521',
    'rsa-sha2-512',
    'rsa-sha2-256',
  ],
} as const;

export type AlgorithmKind = keyof typeof supported;

/** What is offered to a server, or which list of the configuration leaves nothing that ssh2 can do. */
export type Offer = { readonly algorithms: Ssh2Algorithms } | { readonly missing: AlgorithmKind };

/**
 * The algorithms to offer: what the configuration lists, as far as ssh2 has it, else all. Host key types that
 * known_hosts has for the server come first, as ssh does, so that a server known by one key is not refused over another.
 */
export function offerTo(config: HostConfig, knownTypes: readonly string[]): Offer {
  const pick = (kind: AlgorithmKind): readonly string[] => {
    const wanted = config.algorithms[kind];
    const have: readonly string[] = supported[kind];
    return wanted === undefined ? have : wanted.filter((name) => have.includes(name));
  };
  const missing = (Object.keys(supported) as AlgorithmKind[]).find((kind) => pick(kind).length === 0);
  if (missing !== undefined) return { missing };
  const known = (name: string): boolean => knownTypes.includes(name.replace(/^rsa-sha2-\d+$/, 'ssh-rsa'));
  const hostKeys = pick('hostKey');
  const algorithms = {
    kex: pick('kex'),
    cipher: pick('cipher'),
    hmac: pick('mac'),
    serverHostKey: [...hostKeys.filter(known), ...hostKeys.filter((name) => !known(name))],
  };
  return { algorithms: algorithms as { serverHostKey: ServerHostKeyAlgorithm[] } & Ssh2Algorithms };
}
