import type { Duplex } from 'node:stream';
import ssh2 from 'ssh2';
import type { Client } from 'ssh2';
import type { OperationError } from '../../base/errors.ts';
import type { Context } from '../ask.ts';
import { authentication, hearText } from '../login/auth.ts';
import type { HostConfig } from '../settings/config.ts';
import { describe } from '../settings/describe.ts';
import { ConnectError } from '../connect-error.ts';
import type { HostKeys } from '../host-keys/host-key.ts';
import { fingerprint, keyType } from '../host-keys/known-hosts.ts';
import { findIdentities } from '../login/identities.ts';
import { interruption } from '../script/interruption.ts';
import type { Link } from '../link.ts';
import { watchSilence } from './silence.ts';
import { ssh2Link } from './link.ts';
import { offerTo } from './algorithms.ts';
import { explainFailure, lostError, missingAlgorithm } from './failures.ts';
import type { Progress } from './failures.ts';

export type Server = {
  readonly sock: Duplex;
  readonly hostKeys: HostKeys;
};

/**
 * Opens an SSH connection over `sock` with ssh2. The server's key is judged before anything of ours is sent.
 * Throws HostKeyShown for a key that is not known, Dropped when the server closed before a word,
 * MissingAlgorithm, else ConnectError ('handshake', 'authentication').
 */
export async function connectSsh2(context: Context, config: HostConfig, server: Server): Promise<Link> {
  const offered = offerTo(config, server.hostKeys.types);
  if ('missing' in offered) throw missingAlgorithm(config, `${offered.missing} algorithm`, []);
  const { handler, story } = authentication(context, config, await findIdentities(context, config));
  const progress: Progress = {
    phase: 'handshake',
    greeted: false,
    said: '',
    shown: undefined,
    story,
    offers: [],
  };
  const client = new ssh2.Client();
  hearName(server.sock, progress);
  const { ready, lost } = follow(context, config, { client, progress });
  client.connect({
    sock: server.sock,
    username: config.user,
    algorithms: offered.algorithms,
    authHandler: handler,
    hostVerifier: (key: Buffer) => judge(server.hostKeys, key, progress),
    readyTimeout: 0,
    keepaliveInterval: Math.ceil(config.keepaliveMs / 3),
    // Counting answers is left to watchSilence.
    keepaliveCountMax: Number.MAX_SAFE_INTEGER,
    debug: (line) => listen(line, progress),
  });
  await ready;
  watchSilence(server.sock, config.keepaliveMs, () => {
    const seconds = config.keepaliveMs / 1000;
    client.emit('error', new Error(`it has not answered for ${seconds} s`));
    server.sock.destroy();
  });
  return ssh2Link(config.host, { client, sock: server.sock, lost });
}

/** Follows what a server says until it names itself (RFC 4253, 4.2: other lines may come first). */
function hearName(sock: Duplex, progress: Progress): void {
  const hear = (chunk: Buffer): void => {
    progress.said = (progress.said + chunk.toString('latin1')).slice(0, 500);
    progress.greeted = /^SSH-/m.test(progress.said);
    if (progress.greeted) sock.off('data', hear);
  };
  sock.on('data', hear);
}

/**
 * What ssh2 only tells its debug log: which algorithms a server offers, and (after a key was one of several
 * methods that it wants) which methods it takes next.
 */
function listen(line: string, progress: Progress): void {
  if (progress.phase === 'ready') return;
  const offer = /\(remote\) (?:KEX method|Host key format|[CS]->[CS] \w+): (.*)/i.exec(line)?.[1];
  if (offer !== undefined) progress.offers.push(offer);
  const methods = /Received USERAUTH_FAILURE \((.*)\)/.exec(line)?.[1];
  if (methods !== undefined) progress.story.accepted = methods.split(',');
}

/** Synchronous: ssh2 takes a Promise for a yes. Runs again at each rekeying, and says the same then. */
function judge(hostKeys: HostKeys, key: Buffer, progress: Progress): boolean {
  const print = fingerprint(key);
  const verdict = hostKeys.judge(print);
  if (verdict.kind !== 'known') progress.shown = { type: keyType(key), print, key, verdict };
  return verdict.kind === 'known';
}

type Followed = { readonly client: Client; readonly progress: Progress };

/** `ready` settles when the connection can be used or has failed; `lost` when it ended after that. */
function follow(
  context: Context,
  config: HostConfig,
  { client, progress }: Followed,
): { ready: Promise<void>; lost: Promise<OperationError> } {
  let why: Error | undefined;
  const lost = new Promise<OperationError>((resolve) => {
    const end = (): void => resolve(lostError(config, why?.message));
    client.on('error', (error) => {
      why ??= error;
      // ssh2 does not say "close" when a tunnel under it breaks.
      if (error.level !== 'agent' && progress.phase === 'ready') end();
    });
    client.once('close', end);
  });
  const ready = new Promise<void>((resolve, reject) => {
    const fail = (error: Error): void => {
      stop();
      reject(explainFailure(config, progress, error));
      client.destroy();
    };
    const stop = deadline(context, config, { client, progress, fail });
    client.on('handshake', () => (progress.phase = 'authentication'));
    client.on('banner', (text) => hearText(progress.story, text));
    // A password that is over has to be replaced by a person; ssh2 would wait for one for ever.
    client.on('change password', (text) => {
      hearText(progress.story, text);
      fail(new Error('the password has to be changed'));
    });
    client.on('error', (error) => {
      if (error.level === 'agent') progress.story.tried.push(error.message);
      else fail(error);
    });
    client.once('close', () => fail(why ?? new Error('the server closed the connection')));
    client.once('ready', () => {
      stop();
      progress.phase = 'ready';
      resolve();
    });
  });
  return { ready, lost };
}

/** Gives each phase the time that the configuration allows; waiting for the operator does not count. */
function deadline(
  context: Context,
  config: HostConfig,
  { client, progress, fail }: Followed & { fail: (error: Error) => void },
): () => void {
  const seconds = config.connectTimeoutMs / 1000;
  let timer: NodeJS.Timeout;
  const start = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (context.pool.questions > 0) return start();
      const what = progress.greeted ? 'did not finish the handshake' : 'took the connection but said nothing';
      const text = progress.phase === 'authentication' ? 'did not finish the login' : what;
      const stage = progress.phase === 'authentication' ? 'authentication' : 'handshake';
      fail(new ConnectError(stage, `${describe(config)} ${text} within ${seconds} s`, { host: config.host }));
    }, config.connectTimeoutMs);
  };
  const onAbort = (): void => fail(interruption(config.host, context.signal));
  start();
  client.once('handshake', start);
  context.signal?.addEventListener('abort', onAbort, { once: true });
  return () => {
    clearTimeout(timer);
    context.signal?.removeEventListener('abort', onAbort);
  };
}
