import { readTextAtMost } from '../../base/read-at-most.ts';
import { stat } from 'node:fs/promises';
import ssh2 from 'ssh2';
import type { ParsedKey } from 'ssh2';

/** A private key file; the key in it may still be locked by a passphrase. */
export type PrivateKey = {
  readonly path: string;
  /** Public key blob; undefined where only the passphrase reveals it (old PEM without a .pub file). */
  readonly blob: Buffer | undefined;
  readonly type: string | undefined;
  readonly locked: boolean;
  /** Throws what ssh2 says of a wrong passphrase. Decrypting takes about 0.4 s of CPU. */
  readonly unlock: (passphrase: string | undefined) => ParsedKey;
};

/** Why a file is no use as a key. */
export type BadKey = {
  readonly path: string;
  readonly problem: string;
  /** The system's ssh can use it. */
  readonly openSshOnly?: boolean;
};

const openSshHeader = '-----BEGIN OPENSSH PRIVATE KEY-----';

/** A private key with its certificate takes a few kB. */
const largestKey = 1024 * 1024;

/** Reads an IdentityFile. A file that holds a public key alone names a key of the agent. */
export async function readPrivateKey(path: string): Promise<PrivateKey | BadKey> {
  const text = await readTextAtMost(path, largestKey).catch((error: NodeJS.ErrnoException) => error);
  if (text instanceof Error) return { path, problem: text.code === 'ENOENT' ? 'no such file' : text.message };
  const publicText = await readTextAtMost(`${path}.pub`, largestKey).catch(() => '');
  const publicFile = publicBlob(publicText);
  if (!text.includes('PRIVATE KEY')) {
    const blob = publicBlob(text);
    if (blob === undefined) return { path, problem: 'not a key' };
    return {
      path,
      ...blob,
      locked: true,
      unlock: () => fail('a public key; its private key is not in the agent'),
    };
  }
  const loose = await looseMode(path);
  if (loose !== undefined) return { path, problem: loose };
  const open = parse(text, undefined);
  const known = open instanceof Error ? (containerBlob(text) ?? publicFile) : blobOf(open);
  const locked = open instanceof Error;
  if (locked && !/ncrypted/.test(open.message)) {
    return { path, problem: 'in a format that only OpenSSH reads', openSshOnly: true };
  }
  const unlock = (passphrase: string | undefined): ParsedKey => {
    const key = open instanceof Error ? parse(text, passphrase) : open;
    return key instanceof Error ? fail(key.message) : key;
  };
  return { path, blob: known?.blob, type: known?.type, locked, unlock };
}

function parse(text: string, passphrase: string | undefined): ParsedKey | Error {
  // Some formats come as a list of one, whatever the types say.
  const parsed: unknown = ssh2.utils.parseKey(text, passphrase);
  const [key]: readonly unknown[] = Array.isArray(parsed) ? parsed : [parsed];
  if (isParsedKey(key)) return key;
  return key instanceof Error ? key : new Error('not a key');
}

/** A key as ssh2 has it, once it is read. */
export function isParsedKey(value: unknown): value is ParsedKey {
  return typeof value === 'object' && value !== null && 'getPublicSSH' in value;
}

function blobOf(key: ParsedKey): { blob: Buffer; type: string } {
  return { blob: key.getPublicSSH(), type: key.type };
}

function fail(message: string): never {
  throw new Error(message);
}

/** `type base64 comment` */
function publicBlob(text: string): { blob: Buffer; type: string } | undefined {
  const [type, base64] = text.trim().split(/\s+/);
  if (type === undefined || base64 === undefined || !/^[a-z][\w@.-]+$/.test(type)) return undefined;
  return { blob: Buffer.from(base64, 'base64'), type };
}

/**
 * OpenSSH's container has the public key in clear: magic, cipher, kdf, kdf options, count, key
 * (PROTOCOL.key).
 */
function containerBlob(text: string): { blob: Buffer; type: string } | undefined {
  if (!text.includes(openSshHeader)) return undefined;
  const bytes = Buffer.from(text.replace(/-----[^-]+-----/g, ''), 'base64');
  let at = 'openssh-key-v1\0'.length;
  for (let skipped = 0; skipped < 3; skipped++) at += 4 + bytes.readUInt32BE(at);
  at += 4;
  const blob = bytes.subarray(at + 4, at + 4 + bytes.readUInt32BE(at));
  return { blob, type: blob.toString('latin1', 4, 4 + blob.readUInt32BE(0)) };
}

/** ssh ignores a private key that others can read; so do we. */
async function looseMode(path: string): Promise<string | undefined> {
  const { mode, uid } = await stat(path);
  if (uid !== process.getuid?.() || (mode & 0o077) === 0) return undefined;
  return `others can read it (mode ${(mode & 0o777).toString(8).padStart(4, '0')}); run: chmod 600 ${path}`;
}
