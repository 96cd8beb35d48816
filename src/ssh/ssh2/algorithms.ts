import type { Algorithms } from 'ssh2';
import type { HostConfig } from '../settings/config.ts';

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
export type Offer = { readonly algorithms: Algorithms } | { readonly missing: AlgorithmKind };

/**
 * The algorithms to offer: what the configuration lists, as far as ssh2 has it, else all. Host key types that
 * known_hosts has for the server come first, as ssh does, so that a server known by one key is not refused
 * over another.
 */
export function offerTo({ algorithms: wanted }: HostConfig, knownTypes: readonly string[]): Offer {
  const kex = pick(supported.kex, wanted.kex);
  const cipher = pick(supported.cipher, wanted.cipher);
  const mac = pick(supported.mac, wanted.mac);
  const hostKey = pick(supported.hostKey, wanted.hostKey);
  for (const [missing, found] of Object.entries({ kex, cipher, mac, hostKey })) {
    if (found.length === 0 && isKind(missing)) return { missing };
  }
  const known = (name: string): boolean => knownTypes.includes(name.replace(/^rsa-sha2-\d+$/, 'ssh-rsa'));
  const serverHostKey = [...hostKey.filter(known), ...hostKey.filter((name) => !known(name))];
  return { algorithms: { kex, cipher, hmac: mac, serverHostKey } };
}

/** In the configuration's order; where it has no list, all that ssh2 can do, in the order of `supported`. */
function pick<T extends string>(have: readonly T[], wanted: readonly string[] | undefined): T[] {
  if (wanted === undefined) return [...have];
  return wanted.flatMap((name) => have.find((each) => each === name) ?? []);
}

function isKind(name: string): name is AlgorithmKind {
  return name in supported;
}
