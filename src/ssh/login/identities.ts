import ssh2 from 'ssh2';
import type { ParsedKey, SigningRequestOptions } from 'ssh2';
import { messageOf } from '../../base/message-of.ts';
import { askSecret } from '../ask.ts';
import type { Context } from '../ask.ts';
import type { HostConfig } from '../settings/config.ts';
import { fingerprint, keyTypeName } from '../host-keys/known-hosts.ts';
import { isParsedKey, readPrivateKey } from './private-key.ts';
import type { BadKey, PrivateKey } from './private-key.ts';

/** A key that can be offered to a server. */
export type Identity = {
  /** For messages: where the key is, its type and fingerprint. */
  readonly label: string;
  readonly blob: Buffer;
  /** Signs; `hash` is the RSA hash that was agreed on. Throws with the reason where it cannot. */
  readonly sign: (data: Buffer, hash: SigningRequestOptions['hash']) => Promise<Buffer>;
};

export type Identities = {
  readonly usable: readonly Identity[];
  /** Why files or the agent were no use, one line each. */
  readonly problems: readonly string[];
};

/** Reads a key file once a run. */
export async function cachedKey(context: Context, path: string): Promise<PrivateKey | BadKey> {
  const known = context.pool.keys.get(path);
  if (known !== undefined) return await known;
  const key = readPrivateKey(path);
  context.pool.keys.set(path, key);
  return await key;
}

/**
 * The keys to offer, in OpenSSH's order: those of the agent that IdentityFile names, the agent's others
 * (unless IdentitiesOnly), then the files. A locked file is only opened when the server wants its key.
 */
export async function findIdentities(context: Context, config: HostConfig): Promise<Identities> {
  const keys = await Promise.all(config.identityFiles.map((path) => cachedKey(context, path)));
  const problems = keys.flatMap((key) =>
    'problem' in key && !isAbsentDefault(config, key) ? [`${key.path}: ${key.problem}`] : [],
  );
  const files = keys.filter((key): key is PrivateKey => !('problem' in key));
  const held = await agentKeys(config.agent).catch((error: Error) => {
    problems.push(`agent ${config.agent}: ${error.message}`);
    return [];
  });
  const inFile = (key: Identity): boolean => files.some((file) => file.blob?.equals(key.blob));
  const agent = [
    ...held.filter(inFile),
    ...(config.identitiesOnly ? [] : held.filter((key) => !inFile(key))),
  ];
  const rest = files.filter((file) => !agent.some((key) => file.blob?.equals(key.blob)));
  const opened = await Promise.allSettled(rest.map((file) => fileIdentity(context, config, file)));
  const usable = opened.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  for (const each of opened) if (each.status === 'rejected') problems.push(messageOf(each.reason));
  return { usable: [...agent, ...usable], problems };
}

/** A key file that is not there is only worth a word where someone named it. */
function isAbsentDefault(config: HostConfig, key: BadKey): boolean {
  return (
    key.problem === 'no such file' && config.identityFiles.length > 2 && /\/\.ssh\/id_\w+$/.test(key.path)
  );
}

async function agentKeys(socket: string | undefined): Promise<Identity[]> {
  if (socket === undefined) return [];
  const agent = ssh2.createAgent(socket);
  const keys = await new Promise<readonly unknown[]>((resolve, reject) => {
    agent.getIdentities((error, found) => {
      if (error) reject(error);
      else resolve(found ?? []);
    });
  });
  return keys.filter(isParsedKey).map((key) => ({
    label: label(`agent (${key.comment})`, key.type, key.getPublicSSH()),
    blob: key.getPublicSSH(),
    sign: async (data, hash) =>
      await new Promise((resolve, reject) => {
        agent.sign(key, data, hash === undefined ? {} : { hash }, (error, signature) => {
          if (error || !signature) reject(error ?? new Error('the agent did not sign'));
          else resolve(signature);
        });
      }),
  }));
}

async function fileIdentity(context: Context, config: HostConfig, file: PrivateKey): Promise<Identity> {
  const blob = file.blob ?? (await unlock(context, config, file)).getPublicSSH();
  return {
    label: label(file.path, file.type ?? '', blob),
    blob,
    sign: async (data, hash) => {
      const signature: unknown = (await unlock(context, config, file)).sign(data, hash);
      if (!Buffer.isBuffer(signature)) throw new Error(`${file.path}: cannot sign`);
      return signature;
    },
  };
}

/** Opens a key file, once a run: decrypting blocks for 0.4 s. */
async function unlock(context: Context, config: HostConfig, file: PrivateKey): Promise<ParsedKey> {
  if (!file.locked) return file.unlock(undefined);
  const known = context.pool.unlocked.get(file.path);
  if (known !== undefined) return await known;
  const key = askAndUnlock(context, config, file);
  context.pool.unlocked.set(file.path, key);
  return await key;
}

async function askAndUnlock(context: Context, config: HostConfig, file: PrivateKey): Promise<ParsedKey> {
  const { path } = file;
  for (let attempt = 1; attempt <= config.passwordPrompts; attempt++) {
    const source = config.settings.passphrase;
    const purpose = source === undefined ? `passphrase of ${path}` : `passphrase ${JSON.stringify(source)}`;
    const passphrase = await askSecret(context, {
      purpose,
      question: `Passphrase of ${path}: `,
      source,
      attempt,
    });
    if (passphrase === undefined || passphrase === '') break;
    try {
      return file.unlock(passphrase);
    } catch {
      if (source !== undefined) throw new Error(`${path}: ssh.passphrase does not open it`);
    }
  }
  throw new Error(`${path}: needs its passphrase`);
}

function label(where: string, type: string, blob: Buffer): string {
  return `${where} ${keyTypeName(type)} ${fingerprint(blob)}`;
}
