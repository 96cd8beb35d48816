import type { HostProblem } from '../../host/requirements/problem.ts';
import type { Inventory } from '../../inventory/inventory.ts';
import { compareWithLive, type DirectiveChange } from '../../render/changes.ts';
import { leftoversOf } from '../../render/leftovers.ts';
import type { RunningNode } from './running-node.ts';
import type { Terms } from './terms.ts';

/** A running node that only a restart makes what it should be. */
export type NodeRestart = {
  /** Inventory id. */
  readonly node: string;
  readonly host: string;
  readonly role: 'master' | 'replica';
  /** A clause each, as `io-threads from 1 to 4`. */
  readonly reasons: readonly string[];
  /** One of them is what was renewed on the host, apart from the configuration. */
  readonly isOfHost: boolean;
};

export type Restarts = {
  readonly restarts: readonly NodeRestart[];
  /** A rolling restart of provision's own that was interrupted: these nodes, and their masters' roles. */
  readonly unfinished: readonly string[];
  readonly problems: readonly HostProblem[];
};

/**
 * The nodes that are to be restarted, each once for all of its reasons, replicas before masters. Why is
 * observed, so it is known as long as it is true. Refused: for a standalone server, where it is an outage;
 * with `--no-restart`; and while another rolling restart is not finished. Pure.
 */
export function restartsOf(
  { mode }: Pick<Inventory, 'mode'>,
  nodes: readonly RunningNode[],
  terms: Terms,
): Restarts {
  const due = nodes.filter(({ move }) => move === undefined);
  const unknown = due.flatMap(refuseUnknown);
  if (mode === 'standalone' || terms.noRestart === true) {
    const refused = due.flatMap((node) => refuse(node, mode));
    return {
      restarts: [],
      unfinished: [],
      problems: [...unknown, ...refused, ...noteUnfinished(due, terms)],
    };
  }
  const restarts = due.flatMap(dueOf);
  const past = terms.restart;
  const isOwn = past?.command === 'provision';
  return {
    restarts: [
      ...restarts.filter(({ role }) => role === 'replica'),
      ...restarts.filter(({ role }) => role === 'master'),
    ],
    unfinished: isOwn ? past.nodes : [],
    problems: [
      ...unknown,
      ...due.flatMap(refuseOtherSeries),
      ...(past && !isOwn && restarts[0] ? [notFinished(past, restarts[0])] : []),
    ],
  };
}

function dueOf(running: RunningNode): readonly NodeRestart[] {
  const { host, view, renewed } = running;
  const reasons = [...configurationOf(running), ...renewed];
  const role = view.info['role'] === 'slave' ? 'replica' : 'master';
  const isOfHost = renewed.length > 0;
  return reasons.length === 0 ? [] : [{ node: view.node, host, role, reasons, isOfHost }];
}

/** What of its configuration a running server can only take up by a restart. */
const configurationOf = (running: RunningNode): readonly string[] => [
  ...compareWithLive(running.desired, running.view.config).restart.map(describeChange),
  ...leftovers(running).flatMap(({ directive, to, needsRestart }) =>
    needsRestart && to !== undefined ? [`${directive} back to its default ${to || '(empty)'}`] : [],
  ),
];

const leftovers = (running: RunningNode): ReturnType<typeof leftoversOf> =>
  leftoversOf({ ...running, live: running.view.config });

/** A refusal that several nodes may have in common. */
const refusal = (
  { host, view: { node } }: RunningNode,
  { id, why, hints }: Pick<HostProblem, 'id' | 'hints'> & { readonly why: string },
): HostProblem => ({
  id,
  kind: 'refused',
  host,
  node,
  message: `${node}: ${why}`,
  shared: why,
  hints,
});

/** Once the file is written nothing would show that the running server still has it. */
function refuseUnknown(running: RunningNode): readonly HostProblem[] {
  const names = leftovers(running).flatMap(({ directive, to }) => (to === undefined ? [directive] : []));
  if (names.length === 0) return [];
  const why = `the inventory does not have ${names.join(', ')} any more, and the default is not known`;
  return [
    refusal(running, {
      id: 'default-unknown',
      why,
      hints: [
        `Say in the inventory which value ${names.join(', ')} is to have.`,
        'A default is asked of the server that is installed, where that is of the version that runs.',
      ],
    }),
  ];
}

/** Whatever it is restarted for, another server would start. */
function refuseOtherSeries(running: RunningNode): readonly HostProblem[] {
  const { version, otherSeries } = running;
  const reasons = configurationOf(running);
  if (otherSeries === undefined || reasons.length === 0) return [];
  const why = `only a restart changes ${reasons.join(', ')}, and it would start ${otherSeries} instead of ${version}`;
  return [
    refusal(running, {
      id: 'other-series',
      why,
      hints: [
        `Install the server of the version that runs again, or take the change out of the inventory.`,
        'A master of a newer series writes what a replica of an older one cannot read.',
      ],
    }),
  ];
}

/** Nothing is restarted now, so what an earlier run left stays as it is. */
function noteUnfinished(nodes: readonly RunningNode[], { restart }: Terms): readonly HostProblem[] {
  const [first] = nodes;
  if (restart === undefined || first === undefined) return [];
  return [
    {
      id: 'restart-unfinished',
      kind: 'warning',
      host: first.host,
      message: `a rolling restart of ${restart.nodes.join(', ')} is not finished (by ${restart.by}, since ${restart.since})`,
      hints: ['Run `weedgo-redis verify`: it prints the command that finishes it.'],
    },
  ];
}

const describeChange = ({ directive, from, to }: DirectiveChange): string =>
  `${directive} from ${from || '(empty)'} to ${to || '(empty)'}`;

function refuse(running: RunningNode, mode: Inventory['mode']): readonly HostProblem[] {
  const reasons = configurationOf(running);
  if (reasons.length === 0) return [];
  const hints =
    mode === 'standalone'
      ? [
          'A standalone server has no replica that could serve meanwhile, so it is not restarted by provision.',
          'In a maintenance window: weedgo-redis stop, then weedgo-redis provision.',
        ]
      : ['Run it without --no-restart: the nodes are restarted one after the other.'];
  const why = `only a restart changes ${reasons.join(', ')}`;
  return [refusal(running, { id: 'restart-needed', why, hints })];
}

const notFinished = (
  { nodes, by, since }: NonNullable<Terms['restart']>,
  { host }: NodeRestart,
): HostProblem => ({
  id: 'restart-unfinished',
  kind: 'refused',
  host,
  message: `a rolling restart of ${nodes.join(', ')} is not finished (by ${by}, since ${since})`,
  hints: ['Run `weedgo-redis verify`: it prints the command that finishes it.'],
});

/** A warning that a node runs with what was there before, where it is restarted anyway. */
export const isAnswered = ({ id, node }: HostProblem, restarts: readonly NodeRestart[]): boolean =>
  id === 'restart-pending' && restarts.some((restart) => restart.node === node && restart.isOfHost);

export const describeRestart = ({ node, role, reasons }: NodeRestart): string =>
  `restart ${node} (${reasons.join(', ')})${role === 'master' ? ', after a replica has taken over' : ''}`;

export const describeRestarts = ({ restarts, unfinished }: Omit<Restarts, 'problems'>): readonly string[] => [
  ...(unfinished.length > 0 ? [`finish the interrupted restart of ${unfinished.join(', ')}`] : []),
  ...restarts.map(describeRestart),
];
