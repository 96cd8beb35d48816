import * as z from 'zod';

/**
 * The inventory file: what should be. Types are inferred; `schema/inventory.schema.json` is generated from
 * it.
 */

const name = z
  .string()
  .regex(
    /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/,
    'use lower-case letters, digits and inner hyphens, at most 63',
  );
/**
 * The bus port is port + 10000 and must be a port as well (redis.conf, `cluster-port`); lower ones need root.
 */
const port = z.int().min(1024).max(55535);
const sshPort = z.int().min(1).max(65535);
const text = z.string().min(1);
const seconds = z.number().positive().max(3600);

/** Where a secret comes from; the value itself never stands in the inventory. */
export const secretSource = z.union([
  z.strictObject({ env: text.describe('Name of an environment variable') }),
  z.strictObject({ file: text.describe('Path of a file whose first line is the secret') }),
  z.strictObject({
    command: z.array(text).min(1).describe('Program and arguments that print the secret'),
  }),
]);
const generatedSecret = z.strictObject({
  generate: text.describe('Path of a file: read when it is there, else made with a strong secret, mode 0600'),
});

const ssh = z.strictObject({
  user: text.optional().describe('User to log in as; default: what ssh would take'),
  port: sshPort.optional().describe('Port of the SSH server; default 22'),
  identityFile: z
    .union([text, z.array(text).min(1)])
    .optional()
    .describe('Private keys; ~ is the home folder'),
  identityAgent: text.optional().describe('Agent socket, or "none"'),
  identitiesOnly: z
    .boolean()
    .optional()
    .describe("Offer the identity files alone, not all of the agent's keys"),
  proxyJump: text.optional().describe('user@host:port, several separated by commas, or "none"'),
  configFile: text
    .optional()
    .describe('OpenSSH client configuration instead of ~/.ssh/config; "none" for no file'),
  knownHostsFile: z
    .union([text, z.array(text).min(1)])
    .optional()
    .describe('Instead of ~/.ssh/known_hosts'),
  strictHostKeyChecking: z
    .enum(['ask', 'yes', 'accept-new'])
    .optional()
    .describe('What happens with an unknown host key; a changed one is always refused'),
  password: secretSource.optional().describe('For password and keyboard-interactive authentication'),
  passphrase: secretSource.optional().describe('For encrypted private keys'),
  transport: z
    .enum(['auto', 'ssh2', 'openssh'])
    .optional()
    .describe("openssh: the system's ssh, for what the built-in client cannot do; default auto"),
  connectTimeout: seconds.optional().describe('Seconds to reach and authenticate a host; default 10'),
  keepalive: seconds.optional().describe('Seconds after which a silent host counts as lost; default 15'),
});

const host = z.strictObject({
  name: name.describe('How the host is called here; nodes are NAME:PORT'),
  address: text.describe('Name or address that SSH connects to'),
  privateAddress: text.optional().describe('IP address the nodes use among themselves; default: address'),
  ports: z.array(port).min(1).describe('One node each; the first ones listed become masters'),
  zone: text.optional().describe("Rack or availability zone; replicas are kept out of their master's"),
  connection: z.enum(['ssh', 'local']).optional().describe('local: this machine'),
  ssh: ssh.optional().describe("This host's own SSH settings, over the inventory's"),
  become: z
    .union([z.boolean(), z.enum(['sudo', 'doas'])])
    .optional()
    .describe("Over the inventory's become"),
});

const directive = z.union([z.string(), z.number(), z.boolean(), z.array(z.string()).min(1)]);

export const inventorySchema = z.strictObject({
  $schema: z.string().optional().describe('For editors; ignored'),
  cluster: name.describe('Name of the cluster; typed again to destroy it'),
  mode: z
    .enum(['cluster', 'standalone'])
    .default('cluster')
    .describe('standalone: one plain server on one host, for development'),
  server: z.enum(['redis', 'valkey']).default('redis').describe('Which server the hosts run'),
  version: z.string().default('>=6.2').describe('What the hosts must run, as a semver range; quote it'),
  install: z
    .enum(['package', 'none'])
    .default('none')
    .describe("package: install the server from the host's package manager"),
  replicas: z.int().min(0).max(5).default(1).describe('Replicas per master'),
  antiAffinity: z
    .enum(['host', 'none'])
    .default('host')
    .describe("none: replicas may share their master's host (development on one machine)"),
  connection: z
    .enum(['ssh', 'local'])
    .default('ssh')
    .describe('local: nodes on this machine as plain daemons of this user, without SSH or root'),
  ssh: ssh.default({}).describe('SSH settings of all hosts, over ~/.ssh/config'),
  become: z
    .union([z.boolean(), z.enum(['sudo', 'doas'])])
    .default(true)
    .describe('How to be root where the SSH user is not'),
  becomePassword: secretSource.optional().describe('What sudo or doas asks for'),
  auth: z
    .strictObject({
      password: z
        .union([...secretSource.options, generatedSecret])
        .optional()
        .describe("The administrator's (user default); may be left out on loopback only"),
      application: z
        .strictObject({ user: name, password: z.union([...secretSource.options, generatedSecret]) })
        .optional()
        .describe('A user that may do everything but administer'),
    })
    .default({})
    .describe('Who may log in to Redis'),
  firewall: z
    .strictObject({
      manage: z
        .boolean()
        .default(false)
        .describe('Let the clients reach the node ports and the other hosts all ports, and no other client'),
      clients: z.array(text).default([]).describe('Addresses or CIDR networks of the applications'),
      external: z
        .boolean()
        .default(false)
        .describe('true: a firewall outside the hosts guards the bus ports (security group, own network)'),
    })
    .default({ manage: false, clients: [], external: false })
    .describe('Firewall rules on the hosts'),
  production: z
    .boolean()
    .default(true)
    .describe('false: drills need no further assurance, and `stop` on this machine does not ask'),
  hosts: z.array(host).min(1).describe('The machines, in order'),
  config: z
    .record(z.string(), directive)
    .default({})
    .describe('redis.conf directives, over the defaults of docs/inventory.md'),
});

/** The inventory as written, with defaults filled in. */
export type InventoryDocument = z.output<typeof inventorySchema>;
export type HostDocument = InventoryDocument['hosts'][number];
export type SshDocument = InventoryDocument['ssh'];
export type SecretSource = z.output<typeof secretSource> | z.output<typeof generatedSecret>;
export type DirectiveValue = z.output<typeof directive>;
