import type { Resolved } from './resolved.ts';

/**
 * Options that make a difference to who is let in or reached, and that ssh2 does not honour. Left out is what
 * has no bearing on what we do (forwardings, multiplexing, escape characters) and GSSAPI, which Debian sets
 * for everybody.
 */
const ignored = [
  'bindinterface',
  'canonicaldomains',
  'hostbasedauthentication',
  'nohostauthenticationforlocalhost',
  'proxyusefdpass',
  'requiredrsasize',
  'verifyhostkeydns',
] as const;

/** Options that say that only OpenSSH itself will do. */
const openSshOnly = [
  'knownhostscommand',
  'pkcs11provider',
  'revokedhostkeys',
  'securitykeyprovider',
] as const;

/** What someone set and the ssh2 transport cannot honour, each as `keyword value`. */
export function foreignOptions(found: Resolved, baseline: Resolved): string[] {
  const strict = found.get('stricthostkeychecking')?.[0] ?? '';
  const lax = /^(no|off|false)$/.test(strict) ? ['stricthostkeychecking no (taken for accept-new)'] : [];
  return [...options(ignored, found, baseline), ...lax];
}

/** What someone set that needs the OpenSSH transport, each as `keyword value`. */
export function openSshOptions(found: Resolved, baseline: Resolved): string[] {
  return options(openSshOnly, found, baseline);
}

function options(keywords: readonly string[], found: Resolved, baseline: Resolved): string[] {
  return keywords.flatMap((keyword) => {
    const value = found.get(keyword)?.[0];
    return value === undefined || value === baseline.get(keyword)?.[0] ? [] : [`${keyword} ${value}`];
  });
}
