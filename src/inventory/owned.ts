import { canonicalDirective } from './directives.ts';
import { isSecretDirective } from './secret-directives.ts';

const address = 'it follows from hosts[].privateAddress';
const everywhere = 'it would be the same on every node';
const place = 'the tool decides where files lie';
const service = "it follows from the host's connection";
const secret = 'it follows from auth';
const form = 'the tool forms the cluster';
const danger = 'it would open a way round the tool or into the host';

/** Directives that the tool sets, or keeps out, itself; the inventory cannot have them. Name to why. */
const owned: Readonly<Record<string, string>> = {
  port: 'it follows from hosts[].ports',
  bind: address,
  'protected-mode': 'it stays on',
  'cluster-announce-ip': address,
  'cluster-announce-port': 'it follows from hosts[].ports',
  'cluster-announce-bus-port': 'the bus port is the port + 10000',
  'cluster-announce-tls-port': 'TLS is not managed',
  'cluster-announce-hostname': everywhere,
  'cluster-announce-human-nodename': everywhere,
  'cluster-announce-client-ipv4': everywhere,
  'cluster-announce-client-ipv6': everywhere,
  'cluster-announce-client-port': everywhere,
  'cluster-announce-client-tls-port': everywhere,
  'replica-announce-ip': everywhere,
  'replica-announce-port': everywhere,
  'bind-source-addr': address,
  'availability-zone': everywhere,
  'rdma-bind': 'nodes are reached over TCP alone',
  'rdma-port': 'nodes are reached over TCP alone',
  'cluster-port': 'the bus port is the port + 10000',
  unixsocket: 'nodes are reached over TCP alone',
  unixsocketperm: 'nodes are reached over TCP alone',
  unixsocketgroup: 'nodes are reached over TCP alone',
  dir: place,
  dbfilename: place,
  appendfilename: place,
  appenddirname: place,
  'cluster-config-file': place,
  pidfile: place,
  logfile: place,
  daemonize: service,
  supervised: service,
  requirepass: secret,
  masterauth: secret,
  masteruser: secret,
  user: secret,
  aclfile: `${secret}; an aclfile would reset the default user at every start`,
  'cluster-enabled': 'it follows from mode',
  replicaof: form,
  sentinel: form,
  'cluster-replica-no-failover': 'draining a host sets and clears it',
  'rename-command':
    'it breaks live changes and AOF loading; auth.application makes a user without the dangerous commands',
  include: danger,
  loadmodule: danger,
  'enable-debug-command': danger,
  'enable-module-command': danger,
  'enable-protected-configs': danger,
};

/** Why the inventory's `config` may not hold this directive; undefined when it may. */
export function whyOwned(name: string): string | undefined {
  const canonical = canonicalDirective(name);
  if (canonical.startsWith('tls-')) return 'TLS is not managed yet';
  if (Object.hasOwn(owned, canonical)) return owned[canonical];
  return isSecretDirective(canonical)
    ? 'its name says that it holds a secret, which never stands in the inventory'
    : undefined;
}
