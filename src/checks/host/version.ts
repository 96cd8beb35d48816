import coerce from 'semver/functions/coerce.js';
import rcompare from 'semver/functions/rcompare.js';
import type { ReachableView } from '../../cluster/view.ts';
import { runsReplacedServer } from '../../host/outdated.ts';
import { describeWanted, isAcceptable } from '../../host/version.ts';
import { findNode } from '../../inventory/topology.ts';
import type { Check, Finding } from '../check.ts';
import type { CheckInput } from '../input.ts';
import { byHand, ours } from '../remedy.ts';
import { titled } from '../shared.ts';
import { joinNames } from '../text.ts';

/** What runs is what is installed, of one version everywhere, and one that the inventory allows. */
export const version: Check = {
  name: 'versions',
  section: 'host',
  run: (input, { reachable }) => [
    ...missing(input),
    ...reachable.flatMap((view) => stale(input, view)),
    ...forbidden(input, reachable),
    ...mixed(input, reachable),
  ],
};

/** A running node continues without its program, and does not start again. */
function missing({ inventory, hosts }: CheckInput): readonly Finding[] {
  return inventory.hosts.flatMap(({ name, nodes }): readonly Finding[] => {
    const facts = hosts[name];
    if (!facts?.reachable || facts.facts.server.installed) return [];
    // A host that was never provisioned has findings that say so.
    if (!nodes.some(({ id }) => facts.facts.processes[id])) return [];
    return [
      {
        id: 'WR-SERVER-MISSING',
        severity: 'critical',
        ...titled(name, '{} {has|have} no Redis server installed any more'),
        nodes: nodes.map(({ id }) => id),
        hosts: [name],
        seen: 'its nodes run from a program that was removed',
        expected: 'the server that its nodes are started with',
        why: 'No node comes back there after a crash, a restart or a reboot.',
        remedy: [ours(inventory, 'provision')],
        // What a configuration may have depends on the version that is installed.
        explains: [
          {
            ids: ['WR-CONFIG-FILE', 'WR-CONFIG-LIVE', 'WR-CONFIG-PENDING'],
            nodes: nodes.map(({ id }) => id),
          },
        ],
      },
    ];
  });
}

/** A package upgraded on disk shows in the version or, within one version, as a deleted executable. */
function stale({ inventory, hosts }: CheckInput, view: ReachableView): readonly Finding[] {
  const host = findNode(inventory, view.node)?.host ?? '';
  const facts = hosts[host];
  if (!facts?.reachable) return [];
  const { installed } = facts.facts.server;
  const running = versionOf(view);
  const replaced = runsReplacedServer(facts.facts, view.node);
  if (!installed || (!replaced && sameVersion(installed.version, running))) return [];
  return [
    {
      id: 'WR-VERSION-STALE',
      severity: 'warning',
      ...titled(view.node, '{} still {runs|run} the server from before an upgrade'),
      nodes: [view.node],
      hosts: [host],
      seen: `running ${running}, installed ${installed.version}${replaced ? ', executable replaced' : ''}`,
      expected: 'the installed version running',
      why: 'Fixes that are installed are not in effect, and the next restart changes the version unasked.',
      remedy: [ours(inventory, 'restart', view.node)],
    },
  ];
}

function forbidden({ inventory }: CheckInput, reachable: readonly ReachableView[]): readonly Finding[] {
  const wrong = reachable.filter((view) => !isAcceptable(versionOf(view), inventory.version));
  if (wrong.length === 0) return [];
  return [
    {
      id: 'WR-VERSION-RANGE',
      severity: 'warning',
      title: `${joinNames(wrong.map(({ node }) => node))} ${wrong.length === 1 ? 'runs' : 'run'} a version that the inventory does not allow`,
      nodes: wrong.map(({ node }) => node),
      hosts: [],
      seen: [...new Set(wrong.map(versionOf))].join(', '),
      expected: describeWanted(inventory.version),
      why: 'The inventory was written for another version.',
      remedy: [
        byHand(
          `on ${hostsOf(inventory, wrong)}, install a server of version ${describeWanted(inventory.version)}; or change version in ${inventory.file}`,
        ),
        ours(inventory, 'plan'),
      ],
    },
  ];
}

function mixed({ inventory }: CheckInput, reachable: readonly ReachableView[]): readonly Finding[] {
  const versions = [...new Set(reachable.map(versionOf))];
  if (versions.length < 2) return [];
  const newest = versions.toSorted((one, other) =>
    rcompare(coerce(one) ?? '0.0.0', coerce(other) ?? '0.0.0'),
  )[0];
  const older = reachable.filter((view) => versionOf(view) !== newest);
  const said = versions.map((each) => {
    const nodes = reachable.filter((view) => versionOf(view) === each).map(({ node }) => node);
    return `${each} on ${joinNames(nodes)}`;
  });
  return [
    {
      id: 'WR-VERSION-MIXED',
      severity: 'warning',
      title: 'the nodes run different versions',
      nodes: reachable.map(({ node }) => node),
      hosts: [],
      seen: said.join('; '),
      expected: 'one version',
      why: 'A replica cannot read the data of a newer master, so a failover may not be possible both ways.',
      remedy: [
        byHand(`on ${hostsOf(inventory, older)}, upgrade the server to ${newest}, as on the other hosts`),
        ...older.map(({ node }) => ours(inventory, 'restart', node)),
      ],
      // A restart ends it, or a server that the inventory allows.
      dueTo: [{ ids: ['WR-VERSION-STALE', 'WR-VERSION-RANGE'], nodes: older.map(({ node }) => node) }],
    },
  ];
}

const hostsOf = (inventory: CheckInput['inventory'], views: readonly ReachableView[]): string =>
  joinNames([...new Set(views.flatMap(({ node }) => findNode(inventory, node)?.host ?? []))]);

function versionOf({ info }: ReachableView): string {
  return info['valkey_version'] ?? info['redis_version'] ?? '';
}

function sameVersion(one: string, other: string): boolean {
  return coerce(one)?.version === coerce(other)?.version;
}
