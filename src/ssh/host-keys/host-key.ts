import { readTextAtMost } from '../../base/read-at-most.ts';
import type { HostConfig } from '../settings/config.ts';
import { hostKeyName } from './errors.ts';
import { judgeKey, knownKeyTypes, parseKnownHosts } from './known-hosts.ts';
import type { KeyVerdict, KnownHost } from './known-hosts.ts';

/** What is known of one server's keys. */
export type HostKeys = {
  readonly entries: readonly KnownHost[];
  /** Types of the keys that are known of it. */
  readonly types: readonly string[];
  /** Judges a key by its fingerprint. */
  readonly judge: (print: string) => KeyVerdict;
};

/** Hashed names of ten thousand hosts take 3 MB. */
const largestKnownHosts = 64 * 1024 * 1024;

/** The text of a known_hosts file; '' where it is not there or cannot be read: then it knows nobody. */
export async function readKnownHosts(file: string): Promise<string> {
  return readTextAtMost(file, largestKnownHosts).catch(() => '');
}

/**
 * Reads the known_hosts files of a server; files that are not there know nothing. What the operator accepted
 * in this run is known even where it could not be stored.
 */
export async function readHostKeys(config: HostConfig, accepted: ReadonlySet<string>): Promise<HostKeys> {
  const files = [...config.userKnownHosts, ...config.globalKnownHosts];
  const read = files.map(async (file) => parseKnownHosts(await readKnownHosts(file), file));
  const entries = (await Promise.all(read)).flat();
  const name = hostKeyName(config);
  // As ssh does, a name on another port is also looked for without the port.
  const bare = config.hostKeyAlias === undefined && config.port !== 22 ? [config.hostname.toLowerCase()] : [];
  const names = [name, ...bare];
  return {
    entries,
    types: knownKeyTypes(entries, name),
    judge(print) {
      const verdict = judgeKey(entries, names, print);
      return verdict.kind === 'unknown' && accepted.has(acceptedKey(name, print))
        ? { kind: 'known' }
        : verdict;
    },
  };
}

/** How an accepted key is remembered for the rest of a run. */
export function acceptedKey(name: string, print: string): string {
  return `${name} ${print}`;
}
