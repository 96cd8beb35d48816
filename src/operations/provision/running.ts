import type { ClusterStep } from '../../cluster/step.ts';
import type { PlanInput } from '../../host/planning/input.ts';
import { liveConfig } from '../../host/live-config.ts';
import type { HostProblem } from '../../host/requirements/problem.ts';
import { canonicalDirective } from '../../inventory/directives.ts';
import { compareWithLive, type DirectiveChange } from '../../render/changes.ts';
import { desiredDirectives, readable } from '../../render/directives.ts';
import type { Observation } from '../../observation/observe.ts';
import { isShortOfFiles } from './file-limit.ts';
import { moveOfRunning } from './moves.ts';
import type { RunningNode } from './running-node.ts';
import { planDefaultUser, planUsers } from './users.ts';

/**
 * The nodes of a host that could be asked. A stranger on a node's port is no node: `requirePorts` names it.
 */
export function runningNodes(input: PlanInput, { view }: Observation): readonly RunningNode[] {
  const { host, desired, facts } = input;
  return desired.layout.nodes.flatMap(({ node, configFile, dataDirectory, service }) => {
    const nodeView = view.nodes.find((candidate) => candidate.node === node.id);
    const data = facts.data[node.id];
    const unit = service.manager === 'systemd' ? facts.units[service.unit] : undefined;
    if (!nodeView?.reachable || !data || facts.processes[node.id] === undefined) return [];
    const config = liveConfig(nodeView.config, facts.processes[node.id], dataDirectory);
    const content = desired.files.find(({ path }) => path === configFile)?.content ?? '';
    const onDisk = facts.files[configFile]?.content ?? data.former?.configuration ?? '';
    return [
      {
        host: host.name,
        view: { ...nodeView, config },
        desired: desiredDirectives(content),
        onDisk: readable(onDisk),
        data,
        version: nodeView.info['redis_version'],
        process: facts.processes[node.id],
        dropIns: unit?.dropIns?.files ?? [],
        move: moveOfRunning(input, { view: nodeView }),
      },
    ];
  });
}

/** What CONFIG SET and ACL change while the node runs. */
export function planLive(running: RunningNode): readonly ClusterStep[] {
  const { view, desired } = running;
  const { node, config } = view;
  const { live, passwordMissing } = compareWithLive(desired, config);
  const isLoginWrong = view.masterLogin === 'other' || view.masterLogin === 'none';
  return [
    ...(passwordMissing || isLoginWrong ? [{ kind: 'set-password', node } as const] : []),
    ...planDefaultUser(running),
    ...planUsers(running),
    ...live
      // A change of what the next start reads: `planSwitch`.
      .filter(({ directive }) => canonicalDirective(directive) !== 'appendonly')
      // The server refuses it: `noteFileLimit`.
      .filter(({ directive }) => directive !== 'maxclients' || !isShortOfFiles(running))
      .map(
        ({ directive, from, to }) =>
          ({ kind: 'set-config', node, directive, value: to, why: `is ${from || 'empty'}` }) as const,
      ),
  ];
}

/** Until the operator asks for it, no running node is restarted: what needs that is listed and refused. */
export function requireNoRestart(running: RunningNode): readonly HostProblem[] {
  const { host, view, desired, move } = running;
  if (move) return [];
  const changed = compareWithLive(desired, view.config).restart.map(describeChange);
  const removed = removedDirectives(running);
  const changes = [...changed, ...removed.map((name) => `${name} back to its default`)];
  if (changes.length === 0) return [];
  return [
    {
      id: 'restart-needed',
      kind: 'refused',
      host,
      node: view.node,
      message: `${view.node}: only a restart changes ${changes.join(', ')}`,
      hints: [
        ...(changed.length > 0
          ? [
              'provision restarts no running node, so nothing was changed. Take these changes out of the inventory.',
            ]
          : []),
        ...removed.map((name) => `Say in the inventory which value ${name} is to have: that is set at once.`),
      ],
    },
  ];
}

/** What CONFIG REWRITE writes also where it has its default (config.c of 7.0), and that default. */
const writtenAlways: Readonly<Record<string, string>> = {
  'latency-tracking-info-percentiles': '50 99 99.9',
};

/** A running node keeps what it was given by a directive that its file has no more. */
function removedDirectives({ view, desired, onDisk }: RunningNode): readonly string[] {
  const wanted = new Set(Object.keys(desired).map(canonicalDirective));
  const shown = new Set(Object.keys(view.config).map(canonicalDirective));
  return Object.keys(onDisk).filter((name) => {
    const canonical = canonicalDirective(name);
    const isDefault = view.config[name] !== undefined && view.config[name] === writtenAlways[name];
    return !wanted.has(canonical) && shown.has(canonical) && !isDefault;
  });
}

const describeChange = ({ directive, from, to }: DirectiveChange): string =>
  `${directive} from ${from || '(empty)'} to ${to || '(empty)'}`;
