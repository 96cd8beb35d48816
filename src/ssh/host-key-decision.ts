import { randomBytes } from 'node:crypto';
import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { inTurn, noticeOnce } from './ask.ts';
import type { Context } from './ask.ts';
import type { HostConfig } from './config.ts';
import { ConnectError } from './connect-error.ts';
import { acceptedKey, readHostKeys } from './host-key.ts';
import { fingerprint, hashName, keyType, keyTypeName } from './known-hosts.ts';
import type { KeyVerdict } from './known-hosts.ts';

type Refused = Exclude<KeyVerdict, { kind: 'known' }>;

/**
 * What to do about a key that is not known. Returns when it may be connected to again, the key being stored; throws
 * ConnectError ('host-key') when not. Nothing but the handshake has been sent to the server by then.
 */
export async function decideHostKey(context: Context, config: HostConfig, shown: Shown): Promise<void> {
  if (shown.verdict.kind !== 'unknown') throw refusal(config, shown.key, shown.verdict);
  if (config.strictHostKeyChecking === 'accept-new') return await store(context, config, shown.key);
  if (config.strictHostKeyChecking === 'yes' || !context.prompter.interactive)
    throw unknown(config, shown.key);
  await inTurn(context.pool, async () => {
    // Another connection to the same server may have asked meanwhile.
    if ((await readHostKeys(config, context.pool.accepted)).judge(shown.key).kind === 'known') return;
    if (!(await confirm(context, config, shown.key))) throw unknown(config, shown.key);
    await store(context, config, shown.key);
  });
}

export type Shown = { readonly key: Buffer; readonly verdict: Refused };

async function confirm(context: Context, config: HostConfig, key: Buffer): Promise<boolean> {
  const print = fingerprint(key);
  const place = config.port === 22 ? config.hostname : `[${config.hostname}]:${config.port}`;
  let question =
    `The authenticity of host '${config.host} (${place})' can't be established.\n` +
    `${keyTypeName(keyType(key))} key fingerprint is ${print}.\n` +
    `Are you sure you want to continue connecting (yes/no/[fingerprint])? `;
  for (;;) {
    const answer = (await context.prompter.ask(question))?.trim();
    if (answer === undefined || /^(no?|)$/i.test(answer)) return false;
    if (/^yes$/i.test(answer) || answer === print) return true;
    question = "Please type 'yes', 'no' or the fingerprint: ";
  }
}

/** Appends the key to the first of the user's files, as ssh does: the name hashed where HashKnownHosts says so. */
async function store(context: Context, config: HostConfig, key: Buffer): Promise<void> {
  const [file] = config.userKnownHosts;
  const { name } = await readHostKeys(config, context.pool.accepted);
  const stored = config.hashKnownHosts ? hashName(name, randomBytes(20)) : name;
  const line = `${stored} ${keyType(key)} ${key.toString('base64')}\n`;
  context.pool.accepted.add(acceptedKey(name, key));
  if (file === undefined) return;
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    const before = await readFile(file, 'utf8').catch(() => '');
    await appendFile(file, before === '' || before.endsWith('\n') ? line : `\n${line}`, { mode: 0o600 });
    noticeOnce(context, config.host, `stored the ${keyTypeName(keyType(key))} host key of ${config.host} in ${file}`);
  } catch (error) {
    noticeOnce(context, config.host, `could not store the host key of ${config.host}: ${(error as Error).message}`);
  }
}

function unknown(config: HostConfig, key: Buffer): ConnectError {
  const { host, hostname, port, user } = config;
  const [file = '~/.ssh/known_hosts'] = config.userKnownHosts;
  const type = keyType(key);
  const onHost = `/etc/ssh/ssh_host_${keyTypeName(type).toLowerCase()}_key.pub`;
  const via = config.proxyJump === undefined ? '' : `-J ${config.proxyJump} `;
  const scan = `ssh-keyscan -p ${port} -t ${keyTypeName(type).toLowerCase()} ${hostname} >> ${file}`;
  return new ConnectError(
    'host-key',
    `${describe(config)} shows a host key that is not known: ${keyTypeName(type)} ${fingerprint(key)}`,
    {
      host,
      hints: [
        `compare it with the host's own: ssh-keygen -lf ${onHost}`,
        `if it is the same, store it: ${via === '' ? scan : `ssh ${via}-p ${port} ${user}@${hostname} true`}`,
      ],
    },
  );
}

function refusal(
  config: HostConfig,
  key: Buffer,
  verdict: Exclude<Refused, { kind: 'unknown' }>,
): ConnectError {
  const { known } = verdict;
  const shown = `${keyTypeName(keyType(key))} ${fingerprint(key)}`;
  const place = `${known.file}:${known.line}`;
  const { host } = config;
  if (verdict.kind === 'revoked') {
    return new ConnectError(
      'host-key',
      `${describe(config)} shows a host key that ${place} revokes: ${shown}`,
      {
        host,
        hints: ['someone may be impersonating the host with a stolen key; nothing was sent to it'],
      },
    );
  }
  return new ConnectError(
    'host-key',
    `the host key of ${describe(config)} has changed: it shows ${shown}, but ${place} has ` +
      `${keyTypeName(known.type)} ${fingerprint(known.key)}`,
    {
      host,
      hints: [
        'someone may be listening in, or the host was installed anew; nothing was sent to it',
        `if the change is known to be right: ssh-keygen -f ${known.file} -R '${knownName(config)}'`,
      ],
    },
  );
}

function knownName({ hostKeyAlias, hostname, port }: HostConfig): string {
  return hostKeyAlias ?? (port === 22 ? hostname : `[${hostname}]:${port}`);
}

/** The server by the host's name and, where that differs, its address. */
export function describe(config: HostConfig): string {
  const place = config.port === 22 ? config.hostname : `${config.hostname} port ${config.port}`;
  return config.jump ? `jump host ${place}` : `${config.host} (${place})`;
}
