import { lookup } from 'node:dns/promises';
import { writeFile } from 'node:fs/promises';
import { isIP, isIPv6 } from 'node:net';
import { OperationError, UsageError } from '../../base/errors.ts';
import type { Problem } from '../../base/errors.ts';
import { parseInventory } from '../../inventory/load.ts';
import { messageOf } from '../../base/message-of.ts';
import type { Prompter } from '../../session/session.ts';

/** A host as `user@address:port` gives it. */
export type InitHost = {
  readonly user: string | undefined;
  readonly address: string;
  readonly port: number | undefined;
  /** The IP address that nodes use; needed where `address` is a name. */
  readonly privateAddress: string | undefined;
};

export type InitRequest = {
  readonly cluster: string;
  readonly hosts: readonly InitHost[];
  /** Where editors find the JSON Schema: a path or URL. */
  readonly schema: string;
};

/**
 * `[user@]address[:port]`, as ssh takes it; an IPv6 address with a port stands in brackets.
 * Throws UsageError when it is not of that form.
 */
export function parseInitHost(text: string): InitHost {
  const [, user, rest = ''] = /^(?:([^@\s]+)@)?([^@\s]+)$/.exec(text) ?? [];
  // Without brackets every colon of an IPv6 address is the address's own.
  if (isIPv6(rest)) return { user, address: rest, port: undefined, privateAddress: undefined };
  const [, bracketed, plain, digits] = /^(?:\[(.+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(rest) ?? [];
  const address = bracketed ?? plain;
  const port = digits === undefined ? undefined : Number(digits);
  const valid = bracketed === undefined || isIPv6(bracketed);
  if (address === undefined || !valid || port === 0 || (port ?? 1) > 65_535) {
    throw new UsageError(`"${text}" is not a host; write user@address or user@address:port`);
  }
  return { user, address, port, privateAddress: undefined };
}

/** Looks up the IP addresses of hosts given by name: Redis nodes know each other by address. */
export async function resolveInitHosts(hosts: readonly InitHost[]): Promise<readonly InitHost[]> {
  const problems: Problem[] = [];
  const resolved = await Promise.all(
    hosts.map(async (host) => {
      if (isIP(host.address) !== 0) return host;
      try {
        return { ...host, privateAddress: (await lookup(host.address)).address };
      } catch {
        problems.push({ message: `${host.address} cannot be resolved here; give its IP address` });
        return host;
      }
    }),
  );
  if (problems.length > 0) throw new UsageError(problems);
  return resolved;
}

/**
 * A commented inventory for these hosts with one replica a master: two nodes a host from three hosts on, more
 * on fewer, numbered as in the guide. Pure. Throws UsageError when the hosts make no valid inventory.
 */
export function buildInventory(request: InitRequest): string {
  const { cluster, hosts, schema } = request;
  if (hosts.length === 0) throw new UsageError('no host was named; write --host user@address for each');
  const text = `# yaml-language-server: $schema=${schema}
# What should be. \`weedgo-redis plan\` shows what would change, \`weedgo-redis provision\` makes it so.
cluster: ${JSON.stringify(cluster)}
# Which server versions are accepted; install: none leaves installing it to you.
version: ">=6.2"
install: package
# Replicas per master.
replicas: 1
${antiAffinity(hosts)}${sharedSsh(hosts)}# sudo where the SSH user is not root; also: doas, false.
become: true
auth:
  # Made by the first provision and kept in this file; also: { env: NAME }, { file: PATH }, { command: [pass, show, redis] }.
  password: { generate: ${JSON.stringify(`~/.config/weedgo-redis/${cluster}.password`)} }
  # A user for the application that cannot administer:
  # application: { user: app, password: { env: REDIS_APPLICATION_PASSWORD } }
# The first ports listed become masters, the rest replicas of masters on other hosts. The cluster bus uses port + 10000.
# zone: NAME on a host keeps replicas out of their master's zone as well.
hosts:
${hosts.map((host, index) => hostLine(host, index, hosts)).join('\n')}
# redis.conf directives; without maxmemory it follows from each host's memory.
# config: { maxmemory: 2gb }
`;
  parseInventory(text, 'new inventory');
  return text;
}

/** Asks for what `--host` and `--cluster` would have said. Throws UsageError without a terminal. */
export async function askInventory(
  prompter: Prompter,
  known: { readonly cluster: string | undefined },
): Promise<Omit<InitRequest, 'schema'>> {
  if (!prompter.interactive) {
    throw new UsageError('there is no terminal to ask on; name every host with --host', {
      hints: ['weedgo-redis init --host deploy@10.0.0.11 --host deploy@10.0.0.12 --host deploy@10.0.0.13'],
    });
  }
  const cluster =
    known.cluster ?? ((await prompter.ask('Name of the cluster [weedgo-redis]: ')) || 'weedgo-redis');
  const hosts: InitHost[] = [];
  for (let complaint = ''; ;) {
    const question = `Host ${hosts.length + 1} (user@address[:port], empty to finish): `;
    const answer = await prompter.ask(complaint + question);
    if (answer === undefined || answer.trim() === '') return { cluster, hosts };
    complaint = '';
    try {
      hosts.push(parseInitHost(answer.trim()));
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      complaint = `${error.message}\n`;
    }
  }
}

/** Writes a new inventory, never over a file that is there. */
export async function writeInventory(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text, { flag: 'wx' });
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'EEXIST') {
      throw new UsageError([{ file, message: 'this file is there already; name another with -o FILE' }], {
        cause,
      });
    }
    throw new OperationError(`cannot write ${file}: ${messageOf(cause)}`, { cause });
  }
}

function antiAffinity(hosts: readonly InitHost[]): string {
  if (hosts.length > 1) return '';
  return "# One host cannot keep replicas off their master's host: for development alone.\nantiAffinity: none\n";
}

function sharedSsh(hosts: readonly InitHost[]): string {
  const note = '# SSH settings are those of ~/.ssh/config; what stands here goes before them.\n';
  const [first] = hosts;
  if (first === undefined || !hosts.every(({ user, port }) => user === first.user && port === first.port))
    return note;
  return `${note}${sshOf(first) === undefined ? '' : `ssh: ${sshOf(first)}\n`}`;
}

function hostLine(host: InitHost, index: number, hosts: readonly InitHost[]): string {
  const shared = hosts.every(({ user, port }) => user === host.user && port === host.port);
  const ssh = shared ? undefined : sshOf(host);
  const fields = [
    `name: redis${index + 1}`,
    `address: ${JSON.stringify(host.address)}`,
    ...(host.privateAddress === undefined ? [] : [`privateAddress: ${JSON.stringify(host.privateAddress)}`]),
    `ports: [${portsOf(index, hosts.length).join(', ')}]`,
    ...(ssh === undefined ? [] : [`ssh: ${ssh}`]),
  ];
  return `  - { ${fields.join(', ')} }`;
}

function sshOf({ user, port }: InitHost): string | undefined {
  const fields = [
    ...(user === undefined ? [] : [`user: ${JSON.stringify(user)}`]),
    ...(port === undefined ? [] : [`port: ${port}`]),
  ];
  return fields.length === 0 ? undefined : `{ ${fields.join(', ')} }`;
}

/** Six nodes at least, host by host: 7000 to 7002 on three hosts, then 7003 to 7005. */
function portsOf(index: number, hosts: number): readonly number[] {
  const each = Math.max(2, 6 / hosts);
  return Array.from({ length: each }, (_, column) => 7000 + column * hosts + index);
}
