import type { HostConfig } from '../settings/config.ts';
import { ConnectError } from '../connect-error.ts';
import { describe } from '../settings/describe.ts';
import { fingerprint, keyTypeName } from './known-hosts.ts';
import type { KeyVerdict } from './known-hosts.ts';

/** A key that a server showed: type as in known_hosts, fingerprint as ssh shows it. */
export type ShownKey = { readonly type: string; readonly print: string };
export type NotKnown = Exclude<KeyVerdict, { kind: 'known' }>;

/** The refusal of a server whose key is not known. Nothing but the handshake was sent to it. */
export function hostKeyError(config: HostConfig, shown: ShownKey, verdict: NotKnown): ConnectError {
  switch (verdict.kind) {
    case 'unknown':
      return unknownKey(config, shown);
    case 'revoked':
    case 'changed':
      return badKey(config, shown, verdict);
  }
}

function unknownKey(config: HostConfig, { type, print }: ShownKey): ConnectError {
  const { hostname, port, user, proxyJump } = config;
  const [file = '~/.ssh/known_hosts'] = config.userKnownHosts;
  const name = keyTypeName(type).toLowerCase();
  // A host behind a jump host cannot be scanned from here.
  const store =
    proxyJump === undefined
      ? `ssh-keyscan -p ${port} -t ${name} ${hostname} >> ${file}`
      : `ssh -J ${proxyJump} -p ${port} ${user}@${hostname} true`;
  return new ConnectError(
    'host-key',
    `${describe(config)} shows a host key that is not known: ${keyTypeName(type)} ${print}`,
    {
      host: config.host,
      hints: [
        `compare it with the host's own, on its console: ssh-keygen -lf /etc/ssh/ssh_host_${name}_key.pub`,
        `if it is the same, store it: ${store}`,
      ],
    },
  );
}

function badKey(
  config: HostConfig,
  { type, print }: ShownKey,
  { kind, known }: Exclude<NotKnown, { kind: 'unknown' }>,
): ConnectError {
  const { host } = config;
  const shown = `${keyTypeName(type)} ${print}`;
  const place = `${known.file}:${known.line}`;
  if (kind === 'revoked') {
    return new ConnectError(
      'host-key',
      `${describe(config)} shows a host key that ${place} revokes: ${shown}`,
      {
        host,
        hints: ['someone may be impersonating the host with a stolen key; nothing was sent to it'],
      },
    );
  }
  const before = `${keyTypeName(known.type)} ${fingerprint(known.key)}`;
  return new ConnectError(
    'host-key',
    `the host key of ${describe(config)} has changed: it shows ${shown}, but ${place} has ${before}`,
    {
      host,
      hints: [
        'someone may be listening in, or the host was installed again; nothing was sent to it',
        `if the change is known to be right: ssh-keygen -f ${known.file} -R '${hostKeyName(config)}'`,
      ],
    },
  );
}

/** The name that a server goes by in known_hosts: HostKeyAlias as it is, else the name with its port. */
export function hostKeyName({ hostKeyAlias, hostname, port }: HostConfig): string {
  if (hostKeyAlias !== undefined) return hostKeyAlias.toLowerCase();
  const name = hostname.toLowerCase();
  return port === 22 ? name : `[${name}]:${port}`;
}
