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
  if (mode === 'standalone' || terms.noRestart === true)
    return { restarts: [], unfinished: [], problems: due.flatMap((node) => refuse(node, mode)) };
  const restarts = due.flatMap(dueOf);
  const past = terms.restart;
  const isOwn = past?.command === 'provision';
  return {
    restarts: [
      ...restarts.filter(({ role }) => role === 'replica'),
      ...restarts.filter(({ role }) => role === 'master'),
    ],
    unfinished: isOwn ? past.nodes : [],
    problems: past && !isOwn && restarts[0] ? [notFinished(past, restarts[0])] : [],
  };
}

function dueOf(running: RunningNode): readonly NodeRestart[] {
  const { host, view, renewed } = running;
  const reasons = [...configurationOf(running), ...renewed];
  const role = view.info['role'] === 'slave' ? 'replica' : 'master';
  return reasons.length === 0 ? [] : [{ node: view.node, host, role, reasons }];
}

/** What of its configuration a running server can only take up by a restart. */
const configurationOf = (running: RunningNode): readonly string[] => [
  ...compareWithLive(running.desired, running.view.config).restart.map(describeChange),
  ...leftoversOf({ ...running, live: running.view.config })
    .filter(({ needsRestart }) => needsRestart)
    .map(
      ({ directive, to }) =>
        `${directive} back to its default${to === undefined ? '' : ` ${to || '(empty)'}`}`,
    ),
];

const describeChange = ({ directive, from, to }: DirectiveChange): string =>
  `${directive} from ${from || '(empty)'} to ${to || '(empty)'}`;

function refuse(running: RunningNode, mode: Inventory['mode']): readonly HostProblem[] {
  const reasons = configurationOf(running);
  if (reasons.length === 0) return [];
  const { host, view } = running;
  const hints =
    mode === 'standalone'
      ? [
          'A standalone server has no replica that could serve meanwhile, so it is not restarted by provision.',
          'In a maintenance window: weedgo-redis stop, then weedgo-redis provision.',
        ]
      : ['Run it without --no-restart: the nodes are restarted one after the other.'];
  return [
    {
      id: 'restart-needed',
      kind: 'refused',
      host,
      node: view.node,
      message: `${view.node}: only a restart changes ${reasons.join(', ')}`,
      shared: `only a restart changes ${reasons.join(', ')}`,
      hints,
    },
  ];
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
  id === 'restart-pending' && restarts.some((restart) => restart.node === node);

export const describeRestart = ({ node, role, reasons }: NodeRestart): string =>
  `restart ${node} (${reasons.join(', ')})${role === 'master' ? ', after a replica has taken over' : ''}`;

export const describeRestarts = ({ restarts, unfinished }: Omit<Restarts, 'problems'>): readonly string[] => [
  ...(unfinished.length > 0 ? [`finish the interrupted restart of ${unfinished.join(', ')}`] : []),
  ...restarts.map(describeRestart),
];
