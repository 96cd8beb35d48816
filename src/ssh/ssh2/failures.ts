import { OperationError, WeedgoError } from '../../base/errors.ts';
import type { Story } from '../login/auth.ts';
import type { HostConfig } from '../settings/config.ts';
import { ConnectError } from '../connect-error.ts';
import { describe } from '../settings/describe.ts';
import type { Shown } from '../host-keys/decision.ts';

/** The server showed a key that is not known; nothing but the handshake was sent to it. */
export class HostKeyShown extends Error {
  readonly shown: Shown;

  constructor(shown: Shown) {
    super('the host key is not known');
    this.shown = shown;
  }
}

/** The server closed before it said who it is: too many at once, failed logins before, or going down. */
export class Dropped extends ConnectError {}

/** ssh2 and the server have no algorithm in common. */
export class MissingAlgorithm extends ConnectError {
  /** What is missing, for the reason why another transport was taken. */
  readonly what: string;

  constructor(what: string, message: string, config: HostConfig) {
    super('handshake', message, {
      host: config.host,
      hints: ['transport: openssh uses the ssh program of this machine, which may have it (ssh -Q kex)'],
    });
    this.what = what;
  }
}

/** How far a connection has come. */
export type Progress = {
  phase: 'handshake' | 'authentication' | 'ready';
  /** The server has named itself: it is not turning us away for being too many. */
  greeted: boolean;
  /** What it has said before that. */
  said: string;
  shown: Shown | undefined;
  readonly story: Story;
  /** The algorithms that the server offers, list by list as they are negotiated. */
  readonly offers: string[];
};

/** What a failure before `ready` means. */
export function explainFailure(config: HostConfig, progress: Progress, error: Error): Error {
  if (error instanceof WeedgoError) return error;
  if (progress.shown !== undefined) return new HostKeyShown(progress.shown);
  if (progress.phase === 'authentication') return authenticationFailure(config, progress.story, error);
  const mismatch = /no matching (?:[CS]->[CS] )?(.*)/i.exec(error.message)?.[1];
  if (mismatch !== undefined) return missingAlgorithm(config, mismatch, progress.offers);
  const { host } = config;
  if (!progress.greeted) {
    const said = progress.said.trim() === '' ? 'before a word' : `and said: ${progress.said.trim()}`;
    return new Dropped('handshake', `${describe(config)} closed the connection ${said}`, {
      host,
      hints: [hintOfDrop(progress.said)],
      cause: error,
    });
  }
  return new ConnectError(
    'handshake',
    `the SSH handshake with ${describe(config)} failed: ${error.message}`,
    {
      host,
      cause: error,
    },
  );
}

/**
 * What to do about a server that closed before it named itself, from what it said instead: sshd 9.8 and newer
 * say one thing for two reasons.
 */
export function hintOfDrop(said: string): string {
  return said.includes('Not allowed at this time')
    ? 'after failed logins sshd turns a machine away for a while (PerSourcePenalties): wait a minute; ' +
        'or it is beyond its MaxStartups: see sshd in the journal of the host'
    : 'is it an SSH server, and below its MaxStartups? see sshd in the journal of the host';
}

/** `what` as ssh2 words it: key exchange algorithm, host key format, cipher, MAC. */
export function missingAlgorithm(
  config: HostConfig,
  what: string,
  offers: readonly string[],
): MissingAlgorithm {
  // The negotiation stops at the list that does not match.
  const last = offers.at(-1)?.replace(/,(ext-info-s|kex-strict-s-v00@openssh.com)/g, '');
  const list = last === undefined ? '' : `; it offers ${last}`;
  return new MissingAlgorithm(what, `ssh2 has no ${what} in common with ${describe(config)}${list}`, config);
}

function authenticationFailure(config: HostConfig, story: Story, error: Error): ConnectError {
  const tried = [...new Set(story.tried)];
  const accepted = story.accepted.length === 0 ? '' : `; the server takes ${story.accepted.join(', ')}`;
  // With nothing wrong but the key, a banner is the notice that everybody sees.
  const isPlain = /authentication methods failed/.test(error.message);
  const own = isPlain ? '' : `: ${error.message}`;
  const said = story.said === '' || (isPlain && !story.asked) ? '' : `; it said: ${story.said}`;
  return new ConnectError(
    'authentication',
    `${describe(config)} refused to log in ${config.user}${own}${accepted}${said}`,
    {
      host: config.host,
      hints: [
        tried.length === 0 ? 'there was nothing to try: no key, no password' : `tried: ${tried.join('; ')}`,
        ...(said === '' ? [] : [accountHint(config)]),
        ...(/too many/i.test(error.message) ? ['set identitiesOnly: true and the right identityFile'] : []),
      ],
      cause: error,
    },
  );
}

/**
 * The server knows the user and turns them away: an expired password or account, a host that boots or goes
 * down.
 */
export function accountHint({ user, host }: Pick<HostConfig, 'user' | 'host'>): string {
  return `Do what it says, or log in once by hand as ${user}; on ${host}: chage -l ${user}; journalctl -t sshd`;
}

/** What a connection that was ready and ended is to be called. */
export function lostError(config: HostConfig, why: string | undefined): OperationError {
  return new OperationError(
    `the connection to ${describe(config)} was lost${why === undefined ? '' : `: ${why}`}`,
    {
      host: config.host,
    },
  );
}
