import { isIP } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import validRange from 'semver/ranges/valid.js';
import { isLoopback, isNetwork, nodeAddress } from './address.ts';
import { checkAddresses } from './addresses.ts';
import { checkConfig } from './config.ts';
import { draftHosts } from './draft.ts';
import type { Draft, DraftHost } from './draft.ts';
import { checkPorts } from './ports.ts';
import type { Fault } from './fault.ts';
import { valueAt } from './source.ts';

/** What a schema cannot say: everything that involves more than one value. Pure; all faults at once. */
export function validate(draft: Draft): readonly Fault[] {
  const hosts = draftHosts(draft);
  return [
    ...checkNames(hosts),
    ...checkAddresses(hosts, draft),
    ...checkPorts(hosts, draft),
    ...checkAuth(hosts, draft),
    ...checkSettings(hosts, draft),
    ...checkConfig(draft.config),
  ];
}

function checkNames(hosts: readonly DraftHost[]): readonly Fault[] {
  return hosts.flatMap(({ name, index }) => {
    const first = hosts.find((other) => other.name === name);
    if (name === undefined || first === undefined || first.index === index) return [];
    return [
      {
        path: ['hosts', index, 'name'],
        message: `"${name}" is also the name of hosts[${first.index}]; every host needs a name of its own`,
      },
    ];
  });
}

function checkAuth(hosts: readonly DraftHost[], { auth }: Draft): readonly Fault[] {
  const application = valueAt(auth, ['application', 'password']);
  if (application !== undefined && isDeepStrictEqual(application, auth.password)) {
    const message =
      "comes from where the administrator's password comes from; give the application one of its own";
    return [{ path: ['auth', 'application', 'password'], message }];
  }
  // A misspelt key is said already, and was probably meant to be the password.
  if (Object.keys(auth).some((key) => key !== 'application')) return [];
  const exposed = hosts.find(isExposed);
  if (exposed !== undefined) {
    return [
      {
        path: ['auth'],
        message:
          `a password is missing: none is allowed on loopback only, and ${exposed.name ?? 'a host'} is not; ` +
          'write auth: { password: { env: NAME } }, or file, command or generate',
      },
    ];
  }
  if (auth.application === undefined) return [];
  return [
    {
      path: ['auth', 'application'],
      at: 'key',
      message: 'an application user needs auth.password as well: without it anyone is an administrator',
    },
  ];
}

function isExposed({ address, privateAddress, local }: DraftHost): boolean {
  if (address === undefined) return false;
  const used = nodeAddress({ address, privateAddress });
  return !isLoopback(used) && !(local && isIP(used) === 0);
}

function checkSettings(hosts: readonly DraftHost[], draft: Draft): readonly Fault[] {
  const faults: Fault[] = [];
  if (draft.version !== undefined && validRange(draft.version) === null) {
    faults.push({
      path: ['version'],
      message: `"${draft.version}" is not a version range; write ">=7.0" or "7.2.x"`,
    });
  }
  const local = hosts.find((host) => host.local);
  if (draft.install === 'package' && local !== undefined) {
    faults.push({
      path: ['install'],
      message: `nothing is installed on a local host (${local.name ?? 'hosts[0]'}); write install: none`,
    });
  }
  for (const [index, client] of draft.firewall.clients.entries()) {
    if (client === undefined || isNetwork(client)) continue;
    faults.push({
      path: ['firewall', 'clients', index],
      message: `"${client}" is neither an IP address nor a network; write 10.0.0.7 or 10.0.0.0/24`,
    });
  }
  return faults;
}
