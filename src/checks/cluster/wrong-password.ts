import type { UnreachableView } from '../../cluster/view.ts';
import type { Node } from '../../inventory/inventory.ts';
import { findNode } from '../../inventory/topology.ts';
import { nodeLayoutOf } from '../../render/layout.ts';
import { desiredDirectives } from '../../render/directives.ts';
import type { Finding, FindingId } from '../check.ts';
import type { CheckInput } from '../input.ts';
import { byHand, ours, stopNode } from '../remedy.ts';
import { titled } from '../shared.ts';
import type { Topology } from '../topology.ts';

/**
 * A node that rejects the inventory's password: where one does, it was changed there; where all do, in the
 * inventory.
 */
export function wrongPassword(
  { node: id, reason }: UnreachableView,
  input: CheckInput,
  { reachable }: Topology,
): Omit<Finding, 'nodes' | 'hosts' | 'expected'> {
  const { inventory } = input;
  const node = findNode(inventory, id);
  const isOfInventory = reachable.length === 0;
  return {
    id: 'WR-NODE-AUTH',
    severity: 'critical',
    ...titled(id, "{} {does|do} not accept the inventory's password"),
    seen: reason,
    why: 'Another password is in use there, so neither the tool nor the applications can work with it.',
    ...(isOfInventory && { explains: [{ ids: followsFromNoSight }] }),
    remedy:
      isOfInventory || !node
        ? [
            byHand(
              'the nodes have another password than auth.password of the inventory names: name the right one',
            ),
            byHand(`if the password is lost: ${ours(inventory, 'recover-password')} reads it on the hosts`),
          ]
        : restart(input, node),
  };
}

/** As for a wrong password: what its file says of its users is in force after a start. */
export function restartWithFile(input: CheckInput, id: string): readonly string[] {
  const node = findNode(input.inventory, id);
  return node ? restart(input, node) : [];
}

/** The password of its file is in force after a start. It takes no command, so it is stopped as a process. */
function restart(input: CheckInput, node: Node): readonly string[] {
  const { inventory } = input;
  const facts = input.hosts[node.host];
  const place = nodeLayoutOf(inventory, node.id);
  if (!place || !facts?.reachable) return [byHand(`restart ${node.id}: its file has the password`)];
  const pid = facts.facts.processes[node.id]?.pid;
  const file = place.configFile;
  return [
    ...(hasPassword(input, node, file)
      ? []
      : [byHand(`on ${node.host}, give requirepass and masterauth of ${file} the inventory's password`)]),
    stopNode(inventory, node, pid),
    ours(inventory, 'start'),
  ];
}

function hasPassword({ hosts, files }: CheckInput, { host }: Node, path: string): boolean {
  const facts = hosts[host];
  const onDisk = facts?.reachable ? facts.facts.files[path]?.content : undefined;
  const desired = files[host]?.find((file) => file.path === path)?.content;
  const [has, wanted] = [passwordOf(onDisk), passwordOf(desired)];
  return has !== undefined && has === wanted;
}

/** undefined: there is none, or the file cannot be read. */
function passwordOf(conf: string | undefined): string | undefined {
  try {
    return conf === undefined ? undefined : desiredDirectives(conf)['requirepass']?.at(-1)?.[0];
  } catch {
    return undefined;
  }
}

/** What is concluded from nodes that did not answer: they may be healthy. */
const followsFromNoSight: readonly FindingId[] = [
  'WR-CONFIG-FILE',
  'WR-CONFIG-LIVE',
  'WR-CONFIG-PENDING',
  'WR-FILE-CHANGED',
  'WR-HOST-LOSS',
  'WR-SLOTS-UNCOVERED',
  'WR-ZONE-LOSS',
];
