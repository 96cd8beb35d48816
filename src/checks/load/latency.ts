import type { ReachableView } from '../../cluster/view.ts';
import type { Check, Finding } from '../check.ts';
import type { CheckInput } from '../input.ts';
import { call } from '../remedy.ts';
import { titled } from '../shared.ts';
import { count, formatSeconds, numberOf } from '../text.ts';

/** A pause of this length within the last hour. */
const pause = { ms: 1000, withinSeconds: 3600 };
/** This many slow commands within this time is more than the odd one. */
const slow = { commands: 32, withinSeconds: 300 };

/** Big latency events (LATENCY LATEST) and a slow log that grows fast. */
export const latency: Check = {
  name: 'latency',
  section: 'load',
  run: (input, { reachable }) =>
    reachable.flatMap((view) => [...pauses(input, view), ...slowCommands(input, view)]),
};

function pauses({ inventory, probes, now }: CheckInput, view: ReachableView): readonly Finding[] {
  const clock = clockOf(view, now);
  const recent = (probes[view.node]?.latency ?? []).filter(
    ({ at, lastMs }) => lastMs >= pause.ms && clock - at <= pause.withinSeconds,
  );
  if (recent.length === 0) return [];
  const seen = recent.map(
    ({ event, lastMs, at }) => `${event}: ${lastMs} ms, ${formatSeconds(clock - at)} ago`,
  );
  return [
    {
      id: 'WR-LATENCY',
      severity: 'warning',
      ...titled(view.node, `{} paused for more than ${formatSeconds(pause.ms / 1000)}`),
      nodes: [view.node],
      hosts: [],
      seen: seen.join('; '),
      expected: `no event of ${pause.ms} ms or more within the last hour`,
      why: 'Every client waited that long, and a pause as long as cluster-node-timeout is a failover.',
      remedy: [
        call(inventory, view.node, 'LATENCY', 'DOCTOR'),
        call(inventory, view.node, 'LATENCY', 'RESET'),
      ],
    },
  ];
}

function slowCommands({ inventory, probes, now }: CheckInput, view: ReachableView): readonly Finding[] {
  const clock = clockOf(view, now);
  const recent = (probes[view.node]?.slowlog ?? []).filter(({ at }) => clock - at <= slow.withinSeconds);
  if (recent.length < slow.commands) return [];
  const longest = Math.max(...recent.map(({ microseconds }) => microseconds));
  return [
    {
      id: 'WR-SLOWLOG',
      severity: 'warning',
      ...titled(view.node, 'the slow log{|s} of {} {grows|grow} fast'),
      nodes: [view.node],
      hosts: [],
      seen: `${count(recent.length, 'slow command')} or more within ${formatSeconds(slow.withinSeconds)}, the longest ${Math.round(longest / 1000)} ms`,
      expected: `fewer than ${slow.commands}`,
      why: 'The server runs one command at a time: all others wait for these.',
      remedy: [
        call(inventory, view.node, 'SLOWLOG', 'GET', 10),
        call(inventory, view.node, 'SLOWLOG', 'RESET'),
      ],
    },
  ];
}

/** Seconds since the epoch by the node's own clock, where it tells. */
function clockOf({ info }: ReachableView, now: number): number {
  return (numberOf(info, 'server_time_usec') ?? now * 1000) / 1_000_000;
}
