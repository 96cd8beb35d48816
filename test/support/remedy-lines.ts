import { Command } from 'commander';
import { commands } from '../../src/cli/registry.ts';
import type { Inventory } from '../../src/inventory/inventory.ts';
import { classifyCall } from '../../src/operations/call/commands.ts';

/**
 * What is wrong with a line under *fix*, if anything: it is one of the tool's commands as the registry has
 * it, with names of the inventory; or a command on a host; or begins with # and is for a person.
 */
export function faultOfRemedy(line: string, inventory: Inventory): string | undefined {
  if (line.trim() === '' || line.includes('\n')) return 'is not one line';
  if (line.startsWith('# ')) return line.length > 20 ? undefined : 'says nothing to a person';
  const words = splitWords(line);
  if (words === undefined) return 'has unbalanced quotes';
  if (/EDITOR|\bvi\b|\bless\b/.test(line)) return 'needs a terminal';
  if (words[0] === 'weedgo-redis') return faultOfCommand(words.slice(1), inventory);
  if (words[0] === 'ssh') return faultOfSsh(words, inventory);
  if (/^sleep \d+$/.test(line)) return undefined;
  // The password comes by a pipe, and a local host's commands stand for themselves.
  const isLocal = inventory.hosts.some(({ connection }) => connection === 'local');
  return isLocal || words.includes('|') ? undefined : 'is neither a command of the tool nor one on a host';
}

function faultOfCommand(words: readonly string[], inventory: Inventory): string | undefined {
  const [flag, file, name = '', ...rest] = words;
  if (flag !== '-i' || file !== inventory.file) return 'does not name its inventory';
  const spec = commands.find((each) => each.name === name);
  if (!spec) return `has no command ${name}`;
  const command = new Command(name).exitOverride().configureOutput({ writeErr: () => undefined });
  for (const [syntax] of spec.arguments ?? []) command.argument(syntax);
  for (const [flags] of spec.options ?? []) command.option(flags);
  try {
    command.parse(rest, { from: 'user' });
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return faultOfTarget(name, command.args, inventory);
}

function faultOfTarget(name: string, args: readonly string[], inventory: Inventory): string | undefined {
  const [target, ...redis] = args;
  const nodes = inventory.nodes.map(({ id }) => id);
  const hosts = inventory.hosts.map((host) => host.name);
  const shards = inventory.nodes.map(({ shard }) => String(shard));
  const known: Readonly<Record<string, readonly string[]>> = {
    call: [...nodes, 'all'],
    failover: [...nodes, ...shards, ...hosts],
    restart: [...nodes, ...shards, ...hosts, 'all'],
    resync: nodes,
    drain: hosts,
    undrain: hosts,
  };
  const names = known[name];
  if (names && target !== undefined && !names.includes(target)) return `knows no ${target}`;
  if (name !== 'call') return undefined;
  try {
    classifyCall(redis);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function faultOfSsh(words: readonly string[], { hosts }: Inventory): string | undefined {
  const isKnown = hosts.some(({ address, ssh }) =>
    words.includes(ssh.user === undefined ? address : `${ssh.user}@${address}`),
  );
  return isKnown ? undefined : 'names no host of the inventory';
}

/** Words as a shell splits them, without expansions; undefined where a quote does not end. */
function splitWords(line: string): readonly string[] | undefined {
  const words: string[] = [];
  const pattern = /\s*((?:'[^']*'|"(?:[^"\\]|\\.)*"|\\.|[^\s'"\\])+)/y;
  let at = 0;
  while (line.slice(at).trim() !== '') {
    pattern.lastIndex = at;
    const word = pattern.exec(line)?.[1];
    if (word === undefined) return undefined;
    words.push(word.replaceAll(/'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)/g, (_, a, b, c) => a ?? b ?? c));
    at = pattern.lastIndex;
  }
  return words;
}
