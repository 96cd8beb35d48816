import { processIdOf } from '../../cluster/parse.ts';
import { runsOlderFile } from '../../host/outdated.ts';
import { layoutOf, nodeLayoutOf } from '../../render/layout.ts';
import type { Check, Finding } from '../check.ts';
import type { CheckInput } from '../input.ts';
import type { Inventory } from '../../inventory/inventory.ts';
import { byHand, onHost, ours, unmask } from '../remedy.ts';
import { formatSeconds } from '../text.ts';
import { titled } from '../shared.ts';
import { nodesWithoutDisk } from '../persistence/aftermath.ts';
import type { Topology } from '../topology.ts';
import { type NodeUnit, nodeUnits } from './unit-walk.ts';

/** Every node is run by its unit, and the unit starts it at boot. */
export const units: Check = {
  name: 'units',
  section: 'host',
  run: (input, topology) => nodeUnits(input).flatMap((subject) => judge(input, topology, subject)),
};

function judge(input: CheckInput, topology: Topology, subject: NodeUnit): readonly Finding[] {
  return [
    ...disabled(input, subject),
    ...bypassed(input, topology, subject),
    ...outdated(input, subject),
    ...stale(input, subject),
    ...restarted(input, subject),
  ];
}

function disabled({ inventory }: CheckInput, { node, host, unit, state }: NodeUnit): readonly Finding[] {
  if (state.enabled === 'enabled') return [];
  return [
    {
      id: 'WR-UNIT-DISABLED',
      severity: 'warning',
      ...titled(node, '{} would not start after a reboot'),
      nodes: [node],
      hosts: [host],
      seen: `${unit} is ${state.enabled || 'not enabled'}`,
      expected: 'enabled',
      why: 'When the host reboots the node stays away until somebody notices.',
      // systemctl enable fails for a masked unit.
      remedy: [
        ...(state.load === 'masked' ? [unmask(inventory, host, unit)] : []),
        ours(inventory, 'provision'),
      ],
      ...(state.load === 'masked' && { dueTo: [{ ids: ['WR-NODE-DOWN'], nodes: [node] }] }),
    },
  ];
}

/** A node that does not run at all has a finding of its own. */
function bypassed(
  { inventory }: CheckInput,
  { reachable }: Topology,
  { node, host, unit, state }: NodeUnit,
): readonly Finding[] {
  const view = reachable.find((candidate) => candidate.node === node);
  const pid = processIdOf(view?.info ?? {}) ?? 0;
  // A server that systemd still waits for is its unit's own, too.
  const isUnits = state.active === 'active' && (pid === 0 || state.mainPid === pid);
  if (state.active === 'activating' && pid !== 0 && state.mainPid === pid)
    return unready(inventory, { node, host, unit, state });
  if (!view || isUnits) return [];
  return [
    {
      id: 'WR-UNIT-BYPASSED',
      severity: 'warning',
      ...titled(node, '{} {runs outside its unit|run outside their units}'),
      nodes: [node],
      hosts: [host],
      seen: `${pid === 0 ? 'a process of unknown id' : `process ${pid}`} answers, ${unit} is ${state.active} (main process ${state.mainPid})`,
      expected: "the process that answers is the unit's",
      why: 'Nothing restarts it, its limits and sandbox are missing, and the unit cannot start while it runs.',
      // Run by hand as root it leaves files of root: provision gives them to the server, and starts it.
      remedy: [
        ...(pid === 0
          ? [byHand(`end the server of ${node} that its unit did not start, on ${host}`)]
          : [onHost(inventory, host, `kill ${pid} && timeout 900 tail --pid=${pid} -f /dev/null`)]),
        ours(inventory, 'provision'),
      ],
      explains: [
        {
          ids: ['WR-CONFIG-LIVE', 'WR-FILE-LIMIT', 'WR-RESTARTS', 'WR-UNIT-STALE', 'WR-UNIT-OVERRIDDEN'],
          nodes: [node],
        },
      ],
    },
  ];
}

/** It answers (so it is not loading any more), and has not told systemd so. */
function unready(inventory: Inventory, { node, host, unit, state }: NodeUnit): readonly Finding[] {
  return [
    {
      id: 'WR-UNIT-UNREADY',
      severity: 'warning',
      ...titled(node, '{} {has|have} not told systemd that {it is|they are} ready'),
      nodes: [node],
      hosts: [host],
      seen: `process ${state.mainPid} answers, ${unit} is still ${state.active}`,
      expected: `${unit} is active`,
      why: 'systemd takes it for a node that never finished its start: `start` and `provision` wait for it.',
      remedy: [
        byHand('a server without systemd support never says so: install one with it'),
        ours(inventory, 'restart', node),
      ],
    },
  ];
}

function outdated(input: CheckInput, { node, host, unit, state }: NodeUnit): readonly Finding[] {
  if (!state.needsReload || isEdited(input, host)) return [];
  return [
    {
      id: 'WR-UNIT-RELOAD',
      severity: 'warning',
      ...titled(node, 'systemd has not read the changed unit{|s} of {}'),
      nodes: [node],
      hosts: [host],
      seen: `${unit}: NeedDaemonReload=yes`,
      expected: 'the unit as it is on disk',
      why: 'The next restart uses the old unit.',
      remedy: [onHost(input.inventory, host, 'systemctl daemon-reload')],
    },
  ];
}

/** The text may be what it was: only the times tell, and a restart makes sure. */
function stale(input: CheckInput, { node, host, unit, state }: NodeUnit): readonly Finding[] {
  const facts = input.hosts[host];
  const file = unitFileOf(input, host);
  if (!facts?.reachable || state.needsReload || isEdited(input, host)) return [];
  if (!runsOlderFile(facts.facts, file, node)) return [];
  return [
    {
      id: 'WR-UNIT-STALE',
      severity: 'info',
      ...titled(node, '{} {has|have} not been restarted since {its|their} unit was written'),
      nodes: [node],
      hosts: [host],
      seen: `${file} is newer than the process of ${unit}`,
      expected: 'a process that was started with the unit as it is',
      why: 'Limits and sandbox of the unit take effect when the process starts.',
      remedy: [ours(input.inventory, 'restart', node)],
    },
  ];
}

/** The unit's file is not as provision writes it: a finding of its own, whose fix reloads systemd. */
function isEdited(input: CheckInput, name: string): boolean {
  const path = unitFileOf(input, name);
  const facts = input.hosts[name];
  if (path === undefined || !facts?.reachable) return false;
  const wanted = input.files[name]?.find((file) => file.path === path)?.content;
  return facts.facts.files[path]?.content !== wanted;
}

function unitFileOf({ inventory }: CheckInput, name: string): string | undefined {
  const host = inventory.hosts.find((candidate) => candidate.name === name);
  return host && layoutOf(inventory, host).shared?.unit;
}

/**
 * systemd counts the restarts that nobody asked for since the unit was last started by hand. There is no file
 * of ours that remembers the last run: acknowledging (reset-failed) sets the count to nought on the host
 * itself.
 */
function restarted(input: CheckInput, { node, host, unit, state }: NodeUnit): readonly Finding[] {
  const { inventory } = input;
  // A replica whose disk is full ends and is started over and over: the disk comes first.
  if (state.restarts === 0 || nodesWithoutDisk(input).has(node)) return [];
  const age = ageOf(input, host, node);
  return [
    {
      id: 'WR-RESTARTS',
      severity: age !== undefined && age > recentRestartSeconds ? 'info' : 'warning',
      title: `${node} was restarted by systemd ${state.restarts === 1 ? 'once' : `${state.restarts} times`}`,
      shared: { by: node, title: '{} were restarted by systemd' },
      nodes: [node],
      hosts: [host],
      seen: `NRestarts=${state.restarts} since it was last started by hand${age === undefined ? '' : `, the last ${formatSeconds(age)} ago`}`,
      expected: 'no unexpected restart',
      why: 'It crashed, was killed or ran into a limit, and will again.',
      remedy: [
        onHost(inventory, host, `journalctl -u ${unit} -n 50 --no-pager`),
        ...keepReport(inventory, host, node),
        onHost(inventory, host, `systemctl reset-failed ${unit}`),
      ],
    },
  ];
}

/** A restart that is longer ago is history: it is reported, and is nobody's alarm. */
const recentRestartSeconds = 86_400;

/** How long the node's process has run, in seconds; undefined: it does not. */
function ageOf({ hosts }: CheckInput, host: string, node: string): number | undefined {
  const facts = hosts[host];
  const process = facts?.reachable ? facts.facts.processes[node] : undefined;
  return facts?.reachable && process
    ? Math.max(0, (facts.facts.clock.now - process.started) / 1000)
    : undefined;
}

/** A crash leaves its report in the node's own log, of which systemd's journal has nothing. */
function keepReport(inventory: Inventory, name: string, node: string): readonly string[] {
  const place = nodeLayoutOf(inventory, node);
  return place ? [byHand(`after a crash its report is in ${place.logFile} on ${name}: keep that file`)] : [];
}
