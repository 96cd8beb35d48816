import { canonicalDirective } from '../../inventory/directives.ts';
import { sameDirectiveValue } from '../../render/compare.ts';
import { isSecretDirective } from '../../inventory/secret-directives.ts';
import { directiveMutability } from '../../render/directives.ts';
import type { ReachableView } from '../../cluster/view.ts';
import { announceDirectives } from '../cluster/announce-directives.ts';
import type { Check, Finding } from '../check.ts';
import type { CheckInput } from '../input.ts';
import { byHand, call, confirmedCall } from '../remedy.ts';
import { findNode } from '../../inventory/topology.ts';
import { riskOfSetting } from '../../render/setting-risk.ts';
import { joinNames } from '../text.ts';
import { defaultsOf, wantedOf } from './drift.ts';

/** Differs from node to node by its nature, or is judged where it matters. */
const individual: ReadonlySet<string> = new Set([
  'replicaof',
  'slaveof',
  'port',
  'dir',
  'logfile',
  'pidfile',
  'masteruser',
  'maxclients',
  'cluster-replica-no-failover',
  ...announceDirectives,
]);

/**
 * Directives that no file sets have the server's default everywhere: where that is not known (`driftsOf`), a
 * node that differs from most others was changed by hand. Compared among nodes of one version, since defaults
 * change.
 */
export const outliers: Check = {
  name: 'unmanaged directives',
  section: 'configuration',
  run: (input, { reachable }) => {
    const managed = managedNames(input);
    return [...new Set(reachable.map(versionOf))].flatMap((version) => {
      const peers = reachable.filter((view) => versionOf(view) === version);
      const names = Object.keys(peers[0]?.config ?? {}).filter(
        (name) => !managed.has(name) && !individual.has(name) && isSettable(name),
      );
      return names.flatMap((name) => compare(input, peers, name));
    });
  },
};

/** What only a restart changes was not changed by hand in the running server. */
function isSettable(name: string): boolean {
  // Servers answer older spellings as well.
  const isCurrent = canonicalDirective(name) === name;
  return isCurrent && !isSecretDirective(name) && directiveMutability(name) !== 'restart';
}

function managedNames(input: CheckInput): ReadonlySet<string> {
  return new Set(Object.values(wantedOf(input)).flatMap((directives) => Object.keys(directives)));
}

function versionOf({ info }: ReachableView): string {
  return info['valkey_version'] ?? info['redis_version'] ?? '';
}

function compare(input: CheckInput, peers: readonly ReachableView[], name: string): readonly Finding[] {
  const valueOf = ({ config }: ReachableView): string => config[name] ?? '';
  const usual = peers
    .map(valueOf)
    .find((value) => peers.filter((peer) => valueOf(peer) === value).length * 2 > peers.length);
  if (usual === undefined) return [];
  const { inventory } = input;
  const isJudged = ({ node }: ReachableView): boolean =>
    defaultsOf(input, findNode(inventory, node)?.host ?? '', node) !== undefined;
  const odd = peers.filter((peer) => !isJudged(peer) && !sameDirectiveValue(name, valueOf(peer), usual));
  if (odd.length === 0) return [];
  const nodes = odd.map(({ node }) => node);
  return [
    {
      id: 'WR-CONFIG-OUTLIER',
      severity: 'warning',
      title: `${name} of ${joinNames(nodes)} differs from all other nodes`,
      nodes,
      hosts: [],
      ...(isUnmeetable(inventory, name, odd.map(valueOf)) && {
        dueTo: [{ ids: ['WR-WRITES-REFUSED'], nodes }],
      }),
      seen: joinNames(odd.map((peer) => `${peer.node}: ${valueOf(peer) || '""'}`)),
      expected: `${usual || '""'}, as on the other nodes`,
      why: 'No file sets it, so it was changed in the running server and is gone with the next restart.',
      remedy: setAll(inventory, nodes, [name, usual]),
    },
  ];
}

/** Then it is the value alone that keeps the master from taking writes (`minReplicas`). */
export const isUnmeetable = (
  { replicas }: CheckInput['inventory'],
  name: string,
  values: readonly string[],
): boolean => name === 'min-replicas-to-write' && values.every((value) => Number(value) > replicas);

/** A value that can lose something is confirmed on the command line, below a line that says what. */
export function setAll(
  inventory: CheckInput['inventory'],
  nodes: readonly string[],
  [name, value]: readonly [string, string],
): readonly string[] {
  const risk = riskOfSetting(name, value);
  if (risk === undefined) return nodes.map((node) => call(inventory, node, 'CONFIG', 'SET', name, value));
  return [
    byHand(`with ${name} "${value}" ${risk}`),
    ...nodes.map((node) => confirmedCall(inventory, node, 'CONFIG', 'SET', name, value)),
  ];
}
