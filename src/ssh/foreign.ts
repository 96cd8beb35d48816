import type { Resolved } from './client-config.ts';

/** Options that bear on whether a connection works or how safe it is, and that ssh2 cannot honour. */
const securityOptions = [
  'canonicaldomains',
  'checkhostip',
  'compression',
  'enablesshkeysign',
  'gssapiauthentication',
  'hostbasedauthentication',
  'bindinterface',
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
  return options(securityOptions, found, baseline);
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
