import { createHash, createHmac } from 'node:crypto';

/** One line of a known_hosts file, as sshd(8) "SSH_KNOWN_HOSTS FILE FORMAT" describes it. */
export type KnownHost = {
  readonly file: string;
  readonly line: number;
  readonly marker: 'revoked' | 'cert-authority' | undefined;
  /** The first field as written: patterns, or one hashed name. */
  readonly names: string;
  readonly type: string;
  readonly key: Buffer;
};

/** What the files say of a key that a server showed. */
export type KeyVerdict =
  | { readonly kind: 'known' }
  | { readonly kind: 'unknown' }
  /** The name is there with other keys only; the first of them. */
  | { readonly kind: 'changed'; readonly known: KnownHost }
  | { readonly kind: 'revoked'; readonly known: KnownHost };

const markers = new Map<string, 'revoked' | 'cert-authority'>([
  ['@revoked', 'revoked'],
  ['@cert-authority', 'cert-authority'],
]);

/** Reads a known_hosts file; lines that are empty, comments or malformed are left out, as ssh does. */
export function parseKnownHosts(text: string, file: string): KnownHost[] {
  return text.split(/\r?\n/).flatMap((raw, index) => {
    const fields = raw.trim().split(/[ \t]+/);
    const first = fields[0] ?? '';
    if (first === '' || first.startsWith('#')) return [];
    const marker = markers.get(first);
    if (first.startsWith('@') && marker === undefined) return [];
    const [names, type, key] = marker === undefined ? fields : fields.slice(1);
    if (names === undefined || type === undefined || key === undefined || !/^[a-z]/.test(type)) return [];
    return [{ file, line: index + 1, marker, names, type, key: Buffer.from(key, 'base64') }];
  });
}

/**
 * Judges a server's key, by its fingerprint, as OpenSSH does (check_host_key in sshconnect.c). `names` begins
 * with the server's own name; the others (the name without its port) are looked at only when the first is
 * unknown, and only for an equal key.
 */
export function judgeKey(entries: readonly KnownHost[], names: readonly string[], print: string): KeyVerdict {
  const [name = '', ...others] = names;
  const same = (entry: KnownHost): boolean => fingerprint(entry.key) === print;
  const about = entries.filter((entry) => matchesName(entry, name));
  const revoked = about.find((entry) => entry.marker === 'revoked' && same(entry));
  if (revoked) return { kind: 'revoked', known: revoked };
  const plain = about.filter((entry) => entry.marker === undefined);
  if (plain.some(same)) return { kind: 'known' };
  if (plain[0]) return { kind: 'changed', known: plain[0] };
  const elsewhere = others.some((other) => judgeKey(entries, [other], print).kind === 'known');
  return { kind: elsewhere ? 'known' : 'unknown' };
}

/** Types of the keys that are known under a name, in the order of the files. */
export function knownKeyTypes(entries: readonly KnownHost[], name: string): string[] {
  const about = entries.filter((entry) => entry.marker === undefined && matchesName(entry, name));
  return [...new Set(about.map((entry) => entry.type))];
}

/** The first certificate authority that vouches for the name. */
export function findAuthority(entries: readonly KnownHost[], name: string): KnownHost | undefined {
  return entries.find((entry) => entry.marker === 'cert-authority' && matchesName(entry, name));
}

function matchesName(entry: KnownHost, name: string): boolean {
  if (entry.names.startsWith('|')) return matchesHash(entry.names, name);
  const patterns = entry.names.toLowerCase().split(',');
  if (patterns.some((pattern) => pattern.startsWith('!') && matchesPattern(pattern.slice(1), name)))
    return false;
  return patterns.some((pattern) => !pattern.startsWith('!') && matchesPattern(pattern, name));
}

/** `|1|salt|hash`: HMAC-SHA1 of the name, keyed by the salt, both in base64. */
function matchesHash(names: string, name: string): boolean {
  const [, version, salt, hash] = names.split('|');
  if (version !== '1' || salt === undefined || hash === undefined) return false;
  return hashName(name, Buffer.from(salt, 'base64')) === `|1|${salt}|${hash}`;
}

/** A name as HashKnownHosts writes it. The salt has 20 bytes. */
export function hashName(name: string, salt: Buffer): string {
  const hash = createHmac('sha1', salt).update(name).digest('base64');
  return `|1|${salt.toString('base64')}|${hash}`;
}

function matchesPattern(pattern: string, name: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 's').test(name);
}

/** As ssh shows it: `SHA256:` and base64 without padding. */
export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

/** The type that a key blob says of itself, as `ssh-ed25519`. */
export function keyType(key: Buffer): string {
  return key.length < 4 ? '' : key.toString('latin1', 4, 4 + key.readUInt32BE(0));
}

/** As ssh names key types to people: ED25519, RSA, ECDSA. */
export function keyTypeName(type: string): string {
  if (type.startsWith('ecdsa') || type.startsWith('sk-ecdsa')) return 'ECDSA';
  return type
    .replace(/^(sk-)?ssh-/, '')
    .replace(/@.*$/, '')
    .toUpperCase();
}
