import { isIP } from 'node:net';
import { canonicalAddress, isLoopback, isNumeric, nodeAddress, whyNotNodeAddress } from './address.ts';
import type { Draft, DraftHost } from './draft.ts';
import type { Fault } from './fault.ts';

type Addressed = DraftHost & { readonly address: string };

/** Addresses that SSH or the nodes cannot use, and hosts that are one and the same machine. */
export function checkAddresses(hosts: readonly DraftHost[], draft: Draft): readonly Fault[] {
  const addressed = hosts.filter((host): host is Addressed => host.address !== undefined);
  return [
    ...addressed.flatMap((host) => {
      const faults = checkAddress(host);
      return faults.length > 0 ? faults : checkPrivateAddress(host);
    }),
    ...addressed.flatMap((host) => checkTwin(host, addressed, draft)),
    ...checkReach(addressed),
  ];
}

function checkAddress({ address, index, local }: Addressed): readonly Fault[] {
  const wrong = (message: string): readonly Fault[] => [{ path: ['hosts', index, 'address'], message }];
  if (address.includes('@')) return wrong(`"${address}" holds a user; write it as ssh: { user: … }`);
  if (/^[^:]+:\d+$/.test(address)) return wrong(`"${address}" holds a port; write it as ssh: { port: … }`);
  if (!/^[a-z0-9_.:][a-z0-9_.:-]*$/i.test(address)) {
    return wrong(`"${address}" is neither a host name nor an IP address`);
  }
  if (isNumeric(address) && isIP(address) === 0) {
    return wrong(`"${address}" is not an IP address: that has four numbers, each from 0 to 255`);
  }
  if (local && address !== 'localhost' && whyNotNodeAddress(address) !== undefined) {
    return wrong(`"${address}" must be an IP address of this machine, as 127.0.0.1`);
  }
  return [];
}

function checkPrivateAddress(host: Addressed): readonly Fault[] {
  const address = nodeAddress(host);
  const why = whyNotNodeAddress(address);
  if (why === undefined || (host.local && host.privateAddress === undefined)) return [];
  const key = host.privateAddress === undefined ? 'address' : 'privateAddress';
  const right =
    key === 'address'
      ? 'add privateAddress, the IP address that the nodes use among themselves'
      : 'write the IP address that the nodes use among themselves';
  return [{ path: ['hosts', host.index, key], message: `"${address}" ${why}; ${right}` }];
}

function checkTwin(host: Addressed, hosts: readonly Addressed[], draft: Draft): readonly Fault[] {
  const earlier = hosts.filter(({ index }) => index < host.index);
  const endpoint = endpointOf(host, draft);
  const twin = earlier.find((other) => endpointOf(other, draft) === endpoint);
  const right = `one machine is one host: list all its ports there`;
  if (twin !== undefined) {
    return [fault(host, 'address', `is also the address of ${nameOf(twin)}; ${right}`)];
  }
  const address = canonicalAddress(nodeAddress(host));
  const neighbour = earlier.find((other) => canonicalAddress(nodeAddress(other)) === address);
  if (neighbour === undefined) return [];
  const key = host.privateAddress === undefined ? 'address' : 'privateAddress';
  return [
    fault(
      host,
      key,
      `is also what the nodes of ${nameOf(neighbour)} use; ${key === 'address' ? 'give each host a privateAddress' : right}`,
    ),
  ];
}

/** Nodes on loopback cannot be reached by nodes on other machines. */
function checkReach(hosts: readonly Addressed[]): readonly Fault[] {
  const outside = hosts.find((host) => !isLoopback(nodeAddress(host)));
  if (outside === undefined) return [];
  return hosts
    .filter((host) => isLoopback(nodeAddress(host)))
    .map((host) => {
      const key = host.privateAddress === undefined ? 'address' : 'privateAddress';
      return fault(host, key, `is loopback, where the nodes of ${nameOf(outside)} cannot reach it`);
    });
}

/** Where the host's command line is: hosts behind one forwarding address differ by SSH port. */
function endpointOf({ address, local, ssh }: Addressed, draft: Draft): string {
  return `${canonicalAddress(address)} ${local ? 'local' : (ssh.port ?? draft.ssh.port ?? 22)}`;
}

function fault(host: Addressed, key: 'address' | 'privateAddress', message: string): Fault {
  return { path: ['hosts', host.index, key], message: `"${host[key]}" ${message}` };
}

function nameOf({ name, index }: DraftHost): string {
  return name ?? `hosts[${index}]`;
}
