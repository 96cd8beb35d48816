import { readFile } from 'node:fs/promises';
import type { HostConfig } from './config.ts';
import { fingerprint, judgeKey, knownHostName, knownKeyTypes, parseKnownHosts } from './known-hosts.ts';
import type { KeyVerdict, KnownHost } from './known-hosts.ts';

/** What is known of one server's keys. */
export type HostKeys = {
  /** The name it goes by in known_hosts, as the operator would look for it. */
  readonly name: string;
  readonly entries: readonly KnownHost[];
  /** Types of the keys that are known of it. */
  readonly types: readonly string[];
  judge(key: Buffer): KeyVerdict;
};

/**
 * Reads the known_hosts files of a server; files that are not there know nothing. What the operator accepted in this
 * run is known even where it could not be stored.
 */
export async function readHostKeys(config: HostConfig, accepted: ReadonlySet<string>): Promise<HostKeys> {
  const files = [...config.userKnownHosts, ...config.globalKnownHosts];
  const read = files.map(async (file) => parseKnownHosts(await readFile(file, 'utf8').catch(() => ''), file));
  const entries = (await Promise.all(read)).flat();
  const names = knownNames(config);
  const [name = ''] = names;
  return {
    name,
    entries,
    types: knownKeyTypes(entries, names),
    judge(key) {
      const verdict = judgeKey(entries, names, key);
      return verdict.kind === 'unknown' && accepted.has(acceptedKey(name, key)) ? { kind: 'known' } : verdict;
    },
  };
}

/** How an accepted key is remembered for the rest of a run. */
export function acceptedKey(name: string, key: Buffer): string {
  return `${name} ${fingerprint(key)}`;
}

/** HostKeyAlias as it is; else the name with its port, then (as ssh does) the name alone. */
function knownNames({ hostKeyAlias, hostname, port }: HostConfig): string[] {
  if (hostKeyAlias !== undefined) return [hostKeyAlias.toLowerCase()];
  const name = knownHostName(hostname, port);
  return port === 22 ? [name] : [name, hostname.toLowerCase()];
}
