import { BlockList, isIPv4, isIPv6 } from 'node:net';
import { canonicalAddress } from '../inventory/address.ts';
import type { IpFamily } from './gate.ts';

type Network = { readonly address: string; readonly prefix: number; readonly family: IpFamily };

/**
 * `10.0.0.5`, `10.0.0.0/24`, `fd00::/64` in the one spelling that all firewalls print: host bits zero, no
 * prefix on a single address. Text that is no network is returned as it is.
 */
export function canonicalNetwork(text: string): string {
  const network = parseNetwork(text);
  if (!network) return text;
  const { prefix, family } = network;
  const address = maskAddress(network);
  return prefix === widthOf(family) ? address : `${address}/${prefix}`;
}

/** True when every address of `inner` is in `outer`. */
export function containsNetwork(outer: string, inner: string): boolean {
  const [out, within] = [parseNetwork(outer), parseNetwork(inner)];
  if (!out || !within || out.family !== within.family || out.prefix > within.prefix) return false;
  const list = new BlockList();
  list.addSubnet(out.address, out.prefix, nameOf(out.family));
  return list.check(within.address, nameOf(within.family));
}

/** 4 or 6; undefined for what is no network. */
export const familyOf = (text: string): IpFamily | undefined => parseNetwork(text)?.family;

function parseNetwork(text: string): Network | undefined {
  const [address = '', length] = text.split('/');
  const family = isIPv4(address) ? 4 : isIPv6(address) ? 6 : undefined;
  if (family === undefined) return undefined;
  const prefix = length === undefined ? widthOf(family) : Number(length);
  return Number.isInteger(prefix) && prefix >= 0 && prefix <= widthOf(family)
    ? { address: canonicalAddress(address), prefix, family }
    : undefined;
}

/** The address with all bits behind the prefix zero. */
function maskAddress({ address, prefix, family }: Network): string {
  const parts = family === 4 ? address.split('.').map(Number) : groupsOf(address);
  const width = widthOf(family) / parts.length;
  const masked = parts.map((part, index) => {
    const kept = Math.min(Math.max(prefix - index * width, 0), width);
    return part - (part % 2 ** (width - kept));
  });
  return family === 4
    ? masked.join('.')
    : canonicalAddress(masked.map((group) => group.toString(16)).join(':'));
}

/** The eight groups of an IPv6 address, `::` written out. */
function groupsOf(address: string): readonly number[] {
  const [head = [], tail = []] = address
    .split('::')
    .map((half) => (half === '' ? [] : half.split(':').map((group) => Number.parseInt(group, 16))));
  return [...head, ...Array.from({ length: 8 - head.length - tail.length }, () => 0), ...tail];
}

const widthOf = (family: IpFamily): number => (family === 4 ? 32 : 128);
const nameOf = (family: IpFamily): 'ipv4' | 'ipv6' => (family === 4 ? 'ipv4' : 'ipv6');
