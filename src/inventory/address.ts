import { isIP, isIPv4 } from 'node:net';

/** An IP address in its shortest spelling, so that equal addresses compare equal. */
export function canonicalAddress(address: string): string {
  if (isIP(address) !== 6) return address.toLowerCase();
  return new URL(`http://[${address}]`).hostname.slice(1, -1);
}

/** 127.0.0.0/8 or ::1. */
export function isLoopback(address: string): boolean {
  return isIPv4(address) ? address.startsWith('127.') : canonicalAddress(address) === '::1';
}

/** Digits and dots: meant as an IPv4 address, right or wrong. */
export function isNumeric(address: string): boolean {
  return /^[\d.]+$/.test(address);
}

/** Why nodes cannot use `address` among themselves; undefined when they can. */
export function whyNotNodeAddress(address: string): string | undefined {
  if (isIP(address) === 0) return isNumeric(address) ? 'is not an IP address' : 'is a name';
  if (address.includes('%')) return 'holds an interface';
  if (isIPv4(address)) {
    const first = Number(address.split('.')[0]);
    return first === 0 || first >= 224 ? 'is not an address of a host' : undefined;
  }
  const canonical = canonicalAddress(address);
  return canonical === '::' || canonical.startsWith('ff') ? 'is not an address of a host' : undefined;
}

/** The address nodes use among themselves: `privateAddress`, else `address`; localhost is 127.0.0.1. */
export function nodeAddress(host: {
  readonly address: string;
  readonly privateAddress?: string | undefined;
}): string {
  const address = host.privateAddress ?? host.address;
  return address === 'localhost' ? '127.0.0.1' : address;
}

/** `10.0.0.0/8`, `fd00::/8` or one address. */
export function isNetwork(text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/');
  const family = isIP(address);
  if (family === 0 || address.includes('%') || rest.length > 0) return false;
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128));
}
