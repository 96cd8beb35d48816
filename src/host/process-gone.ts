import type { Node } from '../inventory/inventory.ts';
import type { NodeLayout } from '../render/layout.ts';
import type { Facts } from './facts.ts';

/**
 * Whether a node's process is gone, as its host shows it. `unknown`: that could not be seen. Texts are
 * clauses.
 */
export type ProcessVerdict = {
  readonly kind: 'gone' | 'runs' | 'unknown';
  readonly why: string;
};

/** Gone: no process, nobody listens on its ports, and systemd neither runs nor starts it. Pure. */
export function judgeProcess(
  { node, service }: Pick<NodeLayout, 'node' | 'service'>,
  { processes, listeners, units }: Pick<Facts, 'processes' | 'listeners' | 'units'>,
): ProcessVerdict {
  const { id, host, port, busPort } = node;
  const running = processes[id];
  if (running) return { kind: 'runs', why: `its process ${running.pid} runs on ${host}` };
  const socket = listeners.find((each) => each.port === port || each.port === busPort);
  if (socket) return { kind: 'runs', why: `${socket.process ?? 'a process'} listens on ${socket.port}` };
  const started = service.manager === 'systemd' ? startedBySystemd(service.unit, { units }) : undefined;
  return started ?? { kind: 'gone', why: goneOf(node) };
}

const goneOf = ({ id, host, port, busPort }: Node): string =>
  `no process of ${id} runs on ${host}, and nothing listens on ${port} or ${busPort}`;

/** A unit that waits for its restart (`RestartSec`) has no process, and a second later it has one. */
function startedBySystemd(unit: string, { units }: Pick<Facts, 'units'>): ProcessVerdict | undefined {
  const state = units[unit];
  if (!state) return { kind: 'unknown', why: `systemd says nothing of ${unit}` };
  if (['inactive', 'failed'].includes(state.active) && state.mainPid === 0) return undefined;
  return {
    kind: 'runs',
    why: `${unit} is ${state.active} (${state.sub}): systemd runs it or starts it again`,
  };
}
