import { canonicalDirective } from '../../inventory/directives.ts';
import { isSecretDirective, masked } from '../../inventory/secret-directives.ts';
import { sameDirectiveValue, type Value } from '../../render/compare.ts';
import {
  desiredDirectives,
  type Directives,
  directiveMutability,
  isLiveDirective,
} from '../../render/directives.ts';
import { runsOlderFile } from '../../host/outdated.ts';
import { liveConfig } from '../../host/live-config.ts';
import { layoutOf } from '../../render/layout.ts';
import { type Defaults, leftoversOf } from '../../render/leftovers.ts';
import { announceDirectives } from '../cluster/announce-directives.ts';
import type { CheckInput } from '../input.ts';
import type { Topology } from '../topology.ts';

/** One directive of one node on which inventory, file and running server are not of one mind. */
export type Drift = {
  readonly node: string;
  readonly host: string;
  readonly name: string;
  /** live: set by hand. file: edited by hand. pending: file and server agree, the inventory has changed. */
  readonly kind: 'live' | 'file' | 'pending';
  /** As shown: secrets masked, `unset` where there is none. */
  readonly inventory: string;
  readonly file: string;
  readonly live: string;
  /** The running server can only take it up by a restart. */
  readonly needsRestart: boolean;
};

/** Judged by other checks, with more weight than drift. */
const judgedElsewhere: ReadonlySet<string> = new Set([
  'requirepass',
  'masterauth',
  'masteruser',
  'protected-mode',
  'bind',
  'user',
  ...announceDirectives,
]);

/** Compares the three accounts of every node whose host and server could be asked. */
export function driftsOf(input: CheckInput, topology: Topology): readonly Drift[] {
  const wanted = wantedOf(input);
  return input.inventory.hosts.flatMap((host) => {
    const facts = input.hosts[host.name];
    if (!facts?.reachable) return [];
    return layoutOf(input.inventory, host).nodes.flatMap(({ node, configFile, dataDirectory }) => {
      const want = wanted[node.id];
      const found = facts.facts.files[configFile]?.content;
      const shown = topology.reachable.find((view) => view.node === node.id)?.config;
      const live = shown && liveConfig(shown, facts.facts.processes[node.id], dataDirectory);
      if (want === undefined || found === undefined) return [];
      const isOlderThanFile = runsOlderFile(facts.facts, configFile, node.id);
      const accounts = { wanted: want, found: readable(found), live, isOlderThanFile };
      const defaults = defaultsOf(input, host.name, node.id);
      const drifts = [...compare(accounts), ...setByHand(accounts, defaults)];
      return drifts.map((drift) => ({ ...drift, node: node.id, host: host.name }));
    });
  });
}

/** What each node's configuration file should say, by node id, under current directive names. */
export function wantedOf({ inventory, files }: CheckInput): Readonly<Record<string, Directives>> {
  const wanted = inventory.hosts.flatMap((host) =>
    layoutOf(inventory, host).nodes.flatMap(({ node, configFile }) => {
      const file = files[host.name]?.find(({ path }) => path === configFile);
      return file ? [[node.id, canonical(file.content)] as const] : [];
    }),
  );
  return Object.fromEntries(wanted);
}

type Accounts = {
  readonly wanted: Directives;
  /** undefined: the server could not read the file either. */
  readonly found: Directives | undefined;
  readonly live: Readonly<Record<string, string>> | undefined;
  /** The server was started before its file was written. */
  readonly isOlderThanFile: boolean;
};

function compare({
  wanted,
  found,
  live,
  isOlderThanFile,
}: Accounts): readonly Omit<Drift, 'node' | 'host'>[] {
  const names = new Set([...Object.keys(wanted), ...Object.keys(found ?? {})]);
  return [...names].flatMap((name) => {
    const [want, file] = [wanted[name], found?.[name]];
    // Where the file cannot be read at all, that is the finding.
    const fileDiffers = found !== undefined && !isSame(name, want, file);
    const running = isLiveDirective(name) && !judgedElsewhere.has(name) ? live?.[name] : undefined;
    const liveDiffers = want !== undefined && running !== undefined && !isSame(name, want, running);
    if (!fileDiffers && !liveDiffers) return [];
    // What the file does not say has its default, which cannot be told from a value set by hand.
    const needsRestart = directiveMutability(name) === 'restart' && liveDiffers;
    const waits = needsRestart && !fileDiffers && isOlderThanFile;
    const pending =
      waits || (fileDiffers && liveDiffers && (file === undefined || isSame(name, file, running)));
    return [
      {
        name,
        kind: pending ? 'pending' : liveDiffers ? 'live' : 'file',
        inventory: show(name, want),
        file: show(name, file),
        live: show(name, running),
        needsRestart,
      },
    ];
  });
}

/** The defaults of the program that is installed, where the node runs that very version. */
export function defaultsOf(
  { hosts, defaults, view }: CheckInput,
  host: string,
  node: string,
): Defaults | undefined {
  const facts = hosts[host];
  const seen = view.nodes.find((each) => each.node === node);
  const running = seen?.reachable === true ? seen.info['redis_version'] : undefined;
  const installed = facts?.reachable === true ? facts.facts.server.installed?.version : undefined;
  return running !== undefined && installed === running ? defaults[host] : undefined;
}

/** What the running server has, and neither the inventory nor the file says. */
function setByHand(
  { wanted, found, live, isOlderThanFile }: Accounts,
  defaults: Defaults | undefined,
): readonly Omit<Drift, 'node' | 'host'>[] {
  if (!live || !found || !defaults) return [];
  return leftoversOf({ live, desired: wanted, onDisk: {}, defaults, isOlderThanFile })
    .filter(({ directive }) => found[canonicalDirective(directive)] === undefined)
    .filter(({ directive }) => !judgedElsewhere.has(canonicalDirective(directive)))
    .map(({ directive, from, to, needsRestart }) => ({
      name: directive,
      kind: 'live',
      inventory: `unset (the default is ${to || '""'})`,
      file: 'unset',
      live: show(directive, from),
      needsRestart,
    }));
}

function isSame(name: string, one: Value | undefined, other: Value | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return sameDirectiveValue(name, one, other);
}

function show(name: string, value: Value | undefined): string {
  if (value === undefined) return 'unset';
  if (isSecretDirective(name)) return masked;
  const text = typeof value === 'string' ? value : value.map((line) => line.join(' ')).join(', ');
  return text === '' ? '""' : text;
}

function canonical(conf: string): Directives {
  const lines = Object.entries(desiredDirectives(conf));
  return Object.fromEntries(lines.map(([name, value]) => [canonicalDirective(name), value]));
}

function readable(conf: string): Directives | undefined {
  try {
    return canonical(conf);
  } catch {
    return undefined;
  }
}
