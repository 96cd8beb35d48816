import { ConnectError } from '../connect-error.ts';
import type { ConnectStage } from '../connect-error.ts';
import type { HostConfig } from '../settings/config.ts';
import { describe } from '../settings/describe.ts';
import type { HostKeys } from '../host-keys/host-key.ts';
import { hostKeyError } from '../host-keys/errors.ts';
import { withoutDebug } from './mux.ts';
import { accountHint, Dropped, hintOfDrop } from '../ssh2/failures.ts';

/** What ssh says, the stage that it means, and what to do. */
const meanings: readonly (readonly [RegExp, ConnectStage, string])[] = [
  [
    /Could not resolve hostname/,
    'resolve',
    'check "address" in the inventory, or HostName in the ssh configuration',
  ],
  [
    /connect to host .* port \d+: |^channel \d+: open failed|Stdio forwarding request failed/m,
    'tcp',
    'is the host up, does sshd listen on that port, does a firewall let this machine in?',
  ],
  [
    /Permission denied|Too many authentication failures/,
    'authentication',
    'try it: ssh -v, with the same user and address',
  ],
  [
    /Unable to negotiate|no matching/,
    'handshake',
    'compare: ssh -Q kex, ssh -Q cipher, ssh -Q mac, ssh -Q key',
  ],
];

/** Why a master gave up before it was ready, from what it said. */
export function explainMaster(config: HostConfig, said: string, hostKeys: HostKeys): ConnectError {
  const { host } = config;
  const plain = withoutDebug(said);
  const last = plain.split(/\r?\n/).filter(Boolean).slice(-2).join(' ');
  if (/Host key verification failed|HOST IDENTIFICATION HAS CHANGED|REVOKED HOST KEY/.test(plain)) {
    const shown = /Server host key: (\S+) (SHA256:\S+)/.exec(said);
    const [, type = '', print = ''] = shown ?? [];
    const verdict = hostKeys.judge(print);
    if (shown !== null && verdict.kind !== 'known') return hostKeyError(config, { type, print }, verdict);
    return new ConnectError('host-key', `ssh refuses the host key of ${describe(config)}: ${last}`, { host });
  }
  const text = `${describe(config)}: ${last === '' ? 'ssh ended without a word' : last}`;
  for (const [pattern, stage, hint] of meanings) {
    if (pattern.test(plain)) return new ConnectError(stage, text, { host, hints: [hint] });
  }
  if (/timed out during banner exchange/.test(plain)) {
    const seconds = config.connectTimeoutMs / 1000;
    const silent = `${describe(config)} took the connection but said nothing within ${seconds} s`;
    return new ConnectError('handshake', silent, { host });
  }
  // Authentication had begun: the server's own sentence is the cause.
  if (/SSH2_MSG_SERVICE_ACCEPT received/.test(said) && /closed|reset|disconnect/i.test(plain)) {
    const words = plain.split(/\r?\n/).filter(Boolean).slice(-4).join(' ');
    const refused = `${describe(config)} refused to log in ${config.user}: ${words}`;
    return new ConnectError('authentication', refused, { host, hints: [accountHint(config)] });
  }
  // sshd sends its version at once unless too many have yet to log in.
  const dropped = !/Remote protocol version/.test(said) && /closed|reset/i.test(plain);
  if (dropped) return new Dropped('handshake', text, { host, hints: [hintOfDrop(said)] });
  return new ConnectError('handshake', text, { host });
}
