import type { ClusterStep } from '../../cluster/step.ts';
import type { ReachableView } from '../../cluster/view.ts';
import type { Facts } from '../../host/facts.ts';
import { renewedSince, runsOlderFile } from '../../host/outdated.ts';
import type { PlanInput } from '../../host/planning/input.ts';
import { liveConfig } from '../../host/live-config.ts';
import { canonicalDirective } from '../../inventory/directives.ts';
import { compareWithLive } from '../../render/changes.ts';
import { leftoversOf } from '../../render/leftovers.ts';
import { desiredDirectives, readable } from '../../render/directives.ts';
import type { Observation } from '../../observation/observe.ts';
import { isShortOfFiles } from './file-limit.ts';
import { moveOfRunning } from './moves.ts';
import type { RunningNode } from './running-node.ts';
import { planDefaultUser, planUsers } from './users.ts';

/**
 * The nodes of a host that could be asked. A stranger on a node's port is no node: `requirePorts` names it.
 */
export function runningNodes(input: PlanInput, { view, defaults }: Observation): readonly RunningNode[] {
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
        isOlderThanFile: runsOlderFile(facts, configFile, node.id),
        defaults: isInstalled(facts, nodeView) ? defaults.get(host.name) : undefined,
        otherSeries: otherSeriesOf(facts, nodeView),
        renewed: renewedUnder(input, nodeView),
        move: moveOfRunning(input, { view: nodeView }),
      },
    ];
  });
}

/** The program that is installed is of the version that runs, so its defaults are the node's. */
const isInstalled = ({ server }: Facts, { info }: ReachableView): boolean =>
  server.installed !== undefined && server.installed.version === info['redis_version'];

/** A server of another series is left to the operator: what it writes a node of the older one cannot read. */
function otherSeriesOf({ server }: Facts, { info }: ReachableView): string | undefined {
  const [installed, runs] = [server.installed?.version, info['redis_version']];
  return installed === undefined || runs === undefined || series(installed) === series(runs)
    ? undefined
    : installed;
}

const series = (version: string): string | undefined => /^\d+\.\d+/.exec(version)?.[0];

/** What a restart takes up, apart from the configuration. */
const renewedUnder = ({ desired, facts }: PlanInput, view: ReachableView): readonly string[] =>
  otherSeriesOf(facts, view) === undefined ? renewedSince(facts, desired.layout.shared?.unit, view.node) : [];

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
    ...leftoversOf({ ...running, live: config }).flatMap(({ directive, from, to, needsRestart }) =>
      needsRestart || to === undefined
        ? []
        : [
            {
              kind: 'set-config',
              node,
              directive,
              value: to,
              why: `is ${from || 'empty'}, and no file says so`,
            } as const,
          ],
    ),
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
