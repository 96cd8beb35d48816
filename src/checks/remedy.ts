import { shQuote } from '../base/sh.ts';
import type { Host, Inventory, Node } from '../inventory/inventory.ts';
import type { SecretSource } from '../inventory/schema.ts';
import { findNode } from '../inventory/topology.ts';
import { nodeLayoutOf } from '../render/layout.ts';

/** Commands that findings print: runnable as they stand, from where `verify` ran, no secret in them. */

/** One of our own commands, with the inventory it was run for. */
export function ours(inventory: Inventory, ...words: readonly string[]): string {
  return ['weedgo-redis', '-i', inventory.file, ...words].map(quoteWord).join(' ');
}

/**
 * One Redis command on one node, or on `all`, through the host's connection and with the inventory's
 * password.
 */
export function call(inventory: Inventory, node: string, ...command: readonly (string | number)[]): string {
  return ours(inventory, 'call', node, ...command.map(String));
}

/**
 * As `call`, for what can lose something or lock out: the node's name confirms it where there is no terminal.
 */
export function confirmedCall(
  inventory: Inventory,
  node: string,
  ...command: readonly (string | number)[]
): string {
  return ours(inventory, 'call', '--confirm', node, node, ...command.map(String));
}

/**
 * A line for redis-cli on the node's host, for what takes it as a whole; the password reaches it by a pipe,
 * not by a command line (`-a` would show it to every user).
 */
export function redisCli(
  inventory: Inventory,
  node: string,
  line: (place: { readonly address: string; readonly port: number }) => string,
): string {
  const known = findNode(inventory, node);
  if (!known) return '';
  const source = inventory.auth.password;
  const text = source ? `IFS= read -r REDISCLI_AUTH; export REDISCLI_AUTH; ${line(known)}` : line(known);
  const command = overSsh(inventory, known.host, () => text) ?? (source ? `sh -c ${quoteWord(text)}` : text);
  return source ? `${printSecret(inventory, source)} | ${command}` : command;
}

/** A command line on a host, as root where the host's steps run as root. */
export function onHost(inventory: Inventory, name: string, command: string): string {
  return overSsh(inventory, name, (host) => privileged(host, command)) ?? command;
}

/** A unit can be masked for good, until the next boot, or both. */
export const unmask = (inventory: Inventory, host: string, unit: string): string =>
  onHost(inventory, host, `systemctl unmask ${unit} && systemctl unmask --runtime ${unit}`);

/**
 * What only the operator can do, as a line among commands that a shell passes over. One line: what a host or
 * a server put behind a line break would be a command.
 */
export function byHand(text: string): string {
  return `# ${text.replaceAll(/[\r\n]+/g, ' ')}`;
}

/** Where the node's process can be asked for by name: its systemd unit; undefined for a local daemon. */
export function unitOf(inventory: Inventory, node: Node): string | undefined {
  const host = inventory.hosts.find(({ name }) => name === node.host);
  return host?.connection === 'ssh' ? `weedgo-redis@${node.port}.service` : undefined;
}

/**
 * Ends a node's process and gives its data folder another name. The folder is the layout's: a server may call
 * any its own, and the command runs as root.
 */
export function moveAside(
  inventory: Inventory,
  node: Node,
  process: { readonly pid: number | undefined; readonly suffix: string },
): string {
  const folder = dataDirectoryOf(inventory, node);
  const aside = `${folder}.${process.suffix}`;
  const stop = stopping(inventory, node, process.pid);
  return onHost(
    inventory,
    node.host,
    // Pasted again it would take the node that has come up in its place.
    `[ -e ${shQuote(aside)} ] || { ${stop} && mv ${shQuote(folder)} ${shQuote(aside)}; }`,
  );
}

/** Where the layout has the node's data. */
export const dataDirectoryOf = (inventory: Inventory, node: Node): string =>
  nodeLayoutOf(inventory, node.id)?.dataDirectory ?? '';

/**
 * Ends a node's process, also of a node that takes no commands: by its unit, or by its pid where it has none.
 */
export const stopNode = (inventory: Inventory, node: Node, pid: number | undefined): string =>
  onHost(inventory, node.host, stopping(inventory, node, pid));

function stopping(inventory: Inventory, node: Node, pid: number | undefined): string {
  const unit = unitOf(inventory, node);
  return unit ? `systemctl stop ${unit}` : endProcess(pid);
}

/**
 * It may save before it ends, so its folder is not moved until it has. A zombie has ended: it has no
 * executable. A pid that is not known ends nothing.
 */
function endProcess(pid: number | undefined): string {
  const number = pid ?? '""';
  return `kill ${number} && while [ -e /proc/${number}/exe ]; do sleep 0.1; done`;
}

/** Plain words stay readable; everything else is quoted for POSIX sh. */
function quoteWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : shQuote(word);
}

/** Prints the password on stdout, as the inventory says where it is. */
function printSecret({ file }: Inventory, source: SecretSource): string {
  if ('env' in source) return `printf '%s\\n' "$${source.env}"`;
  if ('command' in source) return source.command.map(quoteWord).join(' ');
  const path = 'file' in source ? source.file : source.generate;
  const folder = file.slice(0, file.lastIndexOf('/'));
  if (path.startsWith('~/')) return `head -n 1 "$HOME"${quoteWord(path.slice(1))}`;
  return `head -n 1 ${quoteWord(path.startsWith('/') ? path : `${folder}/${path}`)}`;
}

/** The ssh command that runs a line on a host; undefined: the host is this machine. */
function overSsh(inventory: Inventory, name: string, line: (host: Host) => string): string | undefined {
  const host = inventory.hosts.find((candidate) => candidate.name === name);
  if (!host || host.connection === 'local') return undefined;
  return ['ssh', ...sshOptions(host), sshTarget(host), line(host)].map(quoteWord).join(' ');
}

function sshOptions({ ssh }: Host): readonly string[] {
  const identities = ssh.identityFile === undefined ? [] : [ssh.identityFile].flat();
  const knownHosts = ssh.knownHostsFile === undefined ? [] : [ssh.knownHostsFile].flat();
  return [
    ...(ssh.configFile === undefined ? [] : ['-F', ssh.configFile]),
    ...identities.flatMap((file) => ['-i', file]),
    // In double quotes, so that a space stays in one file's name; ssh itself takes them off.
    ...(knownHosts.length === 0
      ? []
      : [
          '-o',
          `UserKnownHostsFile=${knownHosts.map((file) => (/\s/.test(file) ? `"${file}"` : file)).join(' ')}`,
        ]),
    ...(ssh.identityAgent === undefined ? [] : ['-o', `IdentityAgent=${ssh.identityAgent}`]),
    ...(ssh.proxyJump === undefined || ssh.proxyJump === 'none' ? [] : ['-J', ssh.proxyJump]),
    ...(ssh.port === undefined ? [] : ['-p', String(ssh.port)]),
  ];
}

function sshTarget({ address, ssh }: Host): string {
  return ssh.user === undefined ? address : `${ssh.user}@${address}`;
}

function privileged({ become, ssh }: Host, command: string): string {
  if (become === false || ssh.user === 'root') return command;
  return `${become === 'doas' ? 'doas' : 'sudo'} sh -c ${quoteWord(command)}`;
}
