import { formatBytes } from '../../base/bytes.ts';
import type { ReachableView } from '../../cluster/view.ts';
import type { Check, Finding } from '../check.ts';
import type { CheckInput } from '../input.ts';
import { counterOf } from '../counters.ts';
import { byHand, call, ours } from '../remedy.ts';
import { titled } from '../shared.ts';
import { numberOf } from '../text.ts';

/** Share of maxclients, and of maxmemory (or bytes where there is none) in clients' buffers. */
const limits = { clients: 0.8, buffers: 0.1, bytes: 512 * 1024 ** 2 };

/** Connections near their limit, connections refused, and clients that do not read what they asked for. */
export const clients: Check = {
  name: 'clients',
  section: 'load',
  run: (input, { reachable }) =>
    reachable.flatMap((view) => [...many(input, view), ...rejected(input, view), ...buffers(input, view)]),
};

function many({ inventory }: CheckInput, { node, info, config }: ReachableView): readonly Finding[] {
  const connected = numberOf(info, 'connected_clients') ?? 0;
  const most = Number(config['maxclients'] ?? 0);
  if (most === 0 || connected < limits.clients * most) return [];
  return [
    {
      id: 'WR-CLIENTS-MANY',
      severity: 'warning',
      title: `${node} has ${connected} clients of at most ${most}`,
      shared: { by: node, title: '{} have nearly as many clients as they may' },
      nodes: [node],
      hosts: [],
      seen: `connected_clients:${connected}, maxclients ${most}`,
      expected: `less than ${100 * limits.clients} % of maxclients`,
      why: "At the limit new connections are refused, the operator's among them.",
      remedy: [
        byHand(`close connections, or in ${inventory.file} raise config.maxclients`),
        ours(inventory, 'provision'),
        call(inventory, node, 'CLIENT', 'LIST'),
      ],
    },
  ];
}

/** Connections above maxclients, and those that protected mode turned away (networking.c). */
function rejected(input: CheckInput, view: ReachableView): readonly Finding[] {
  const counted = counterOf(input, view, 'rejected_connections');
  const { node } = view;
  const { inventory } = input;
  if (!counted) return [];
  return [
    {
      id: 'WR-CLIENTS-REJECTED',
      severity: counted.severity,
      passing: counted.passing,
      ...titled(node, '{} {has|have} refused connections'),
      nodes: [node],
      hosts: [],
      seen: counted.told,
      expected: 'none',
      why: 'Clients were turned away: maxclients was reached, or the node had no password in protected mode.',
      remedy: [call(inventory, node, 'CLIENT', 'LIST'), call(inventory, node, 'CONFIG', 'RESETSTAT')],
      dueTo: [{ ids: ['WR-AUTH-MISSING'], nodes: [node] }],
    },
  ];
}

function buffers({ inventory }: CheckInput, { node, info }: ReachableView): readonly Finding[] {
  const held = numberOf(info, 'mem_clients_normal') ?? 0;
  const limit = numberOf(info, 'maxmemory') ?? 0;
  const most = limit > 0 ? limits.buffers * limit : limits.bytes;
  if (held <= most) return [];
  return [
    {
      id: 'WR-CLIENTS-BUFFERS',
      severity: 'warning',
      title: `clients of ${node} hold ${formatBytes(held)} in buffers`,
      shared: { by: node, title: 'clients of {} hold much in buffers' },
      nodes: [node],
      hosts: [],
      seen: `mem_clients_normal:${held}`,
      expected: `at most ${formatBytes(most)}`,
      why: 'Buffers count towards maxmemory: clients that read too slowly push data out.',
      remedy: [
        call(inventory, node, 'CLIENT', 'LIST', 'TYPE', 'normal'),
        byHand('stop the clients whose omem or tot-mem is high, or have them read faster'),
      ],
    },
  ];
}
