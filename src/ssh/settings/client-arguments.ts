import { expandHome, list } from './config.ts';
import type { SshSettings } from '../target.ts';

/**
 * The inventory's keys as arguments of ssh(1): given on the command line they win over the configuration
 * file, by OpenSSH's own rule. `IdentityFile` adds up, those given here being tried first.
 */
export function clientArguments(settings: SshSettings): string[] {
  const file = settings.configFile;
  const options: readonly (readonly [string, string | number | boolean | undefined])[] = [
    ['User', quoted(settings.user)],
    ['Port', settings.port],
    ...list(settings.identityFile).map((path) => ['IdentityFile', quoted(path)] as const),
    ['IdentityAgent', quoted(settings.identityAgent)],
    ['IdentitiesOnly', settings.identitiesOnly],
    ['ProxyJump', settings.proxyJump],
    ['UserKnownHostsFile', list(settings.knownHostsFile).map(quoted).join(' ') || undefined],
    ['StrictHostKeyChecking', settings.strictHostKeyChecking],
    [
      'ConnectTimeout',
      settings.connectTimeout === undefined ? undefined : Math.ceil(settings.connectTimeout),
    ],
  ];
  return [
    ...(file === undefined ? [] : ['-F', file === 'none' ? 'none' : expandHome(file)]),
    ...options.flatMap(([name, value]) => (value === undefined ? [] : ['-o', `${name}=${sshWord(value)}`])),
  ];
}

/**
 * The settings that hold for a jump host too: which files and keys to use. The jump host has a user, a port,
 * a password and a jump host of its own.
 */
export function jumpSettings(settings: SshSettings): SshSettings {
  const { user: _user, port: _port, proxyJump: _jump, password: _password, ...shared } = settings;
  return shared;
}

function sshWord(value: string | number | boolean): string {
  return typeof value === 'boolean' ? (value ? 'yes' : 'no') : String(value);
}

/** In double quotes, so that spaces stay in one argument of the option. */
function quoted(value: string | undefined): string | undefined {
  return value === undefined ? undefined : `"${value.replace(/[\\"]/g, '\\$&')}"`;
}
