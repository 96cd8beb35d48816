import { randomBytes } from 'node:crypto';
import { appendFile, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { messageOf } from '../../base/message-of.ts';
import { inTurn, noticeOnce } from '../ask.ts';
import type { Context } from '../ask.ts';
import type { HostConfig } from '../settings/config.ts';
import { acceptedKey, readHostKeys, readKnownHosts } from './host-key.ts';
import { hostKeyError, hostKeyName } from './errors.ts';
import type { NotKnown, ShownKey } from './errors.ts';
import { hashName, keyTypeName } from './known-hosts.ts';

/** A key that is not known, as a server showed it. */
export type Shown = ShownKey & { readonly key: Buffer; readonly verdict: NotKnown };

/**
 * What to do about a key that is not known. Returns when the server may be connected to again, the key being
 * stored; throws ConnectError ('host-key') when not.
 */
export async function decideHostKey(context: Context, config: HostConfig, shown: Shown): Promise<void> {
  const refusal = hostKeyError(config, shown, shown.verdict);
  const strict = config.strictHostKeyChecking;
  if (shown.verdict.kind !== 'unknown' || strict === 'yes') throw refusal;
  if (strict === 'accept-new') return await store(context, config, shown);
  if (!context.prompter.interactive) throw refusal;
  await inTurn(context.pool, async () => {
    // Another connection to the same server may have asked meanwhile.
    const known = await readHostKeys(config, context.pool.accepted);
    if (known.judge(shown.print).kind === 'known') return;
    if (!(await confirm(context, config, shown))) throw refusal;
    await store(context, config, shown);
  });
}

/** Asks as ssh does: `yes`, or the fingerprint itself. */
async function confirm(context: Context, config: HostConfig, { type, print }: Shown): Promise<boolean> {
  let question =
    `The authenticity of host '${config.host} (${hostKeyName(config)})' can't be established.\n` +
    `${keyTypeName(type)} key fingerprint is ${print}.\n` +
    `Are you sure you want to continue connecting (yes/no/[fingerprint])? `;
  for (;;) {
    const answer = (await context.prompter.ask(question))?.trim();
    if (answer === undefined || /^(no?|)$/i.test(answer)) return false;
    if (/^yes$/i.test(answer) || answer === print) return true;
    question = "Please type 'yes', 'no' or the fingerprint: ";
  }
}

/**
 * Appends the key to the first of the user's files, as ssh does: the name hashed where HashKnownHosts says
 * so.
 */
async function store(context: Context, config: HostConfig, { type, print, key }: Shown): Promise<void> {
  const [file] = config.userKnownHosts;
  const name = hostKeyName(config);
  context.pool.accepted.add(acceptedKey(name, print));
  if (file === undefined) return;
  const stored = config.hashKnownHosts ? hashName(name, randomBytes(20)) : name;
  const line = `${stored} ${type} ${key.toString('base64')}\n`;
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    const before = await readKnownHosts(file);
    await appendFile(file, before === '' || before.endsWith('\n') ? line : `\n${line}`, { mode: 0o600 });
    noticeOnce(context, config.host, `stored its ${keyTypeName(type)} host key ${print} in ${file}`);
  } catch (error) {
    noticeOnce(
      context,
      config.host,
      `its host key could not be stored, it will be asked for again: ${messageOf(error)}`,
    );
  }
}
