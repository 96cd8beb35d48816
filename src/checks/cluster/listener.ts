import type { UnreachableView } from '../../cluster/view.ts';
import { findNode } from '../../inventory/topology.ts';
import type { Finding } from '../check.ts';
import type { CheckInput } from '../input.ts';
import { byHand, ours } from '../remedy.ts';

type Fault = Omit<Finding, 'nodes' | 'hosts' | 'expected'>;

/** Another user's process has a node's port. */
export function foreign({ node, reason }: UnreachableView, { inventory }: CheckInput): Fault {
  const known = findNode(inventory, node);
  return {
    id: 'WR-NODE-FOREIGN',
    severity: 'critical',
    title: `another user's process has the port of ${node}`,
    seen: reason,
    why: 'Clients that connect there give their password to that process, and the node itself cannot serve.',
    remedy: [
      byHand(`find out who started that process on ${known?.host ?? node}, and end it`),
      // Run by hand as root it leaves files of root: provision gives them to the server, and starts it.
      ours(inventory, 'provision'),
    ],
  };
}

/** Whose process has a node's port could not be told. */
export function unverified({ node, reason }: UnreachableView, { inventory }: CheckInput): Fault {
  return {
    id: 'WR-NODE-UNVERIFIED',
    severity: 'critical',
    title: `it is not known whose process has the port of ${node}`,
    seen: reason,
    why: "The password is only sent to the service user's own server, so nothing is known of this node.",
    remedy: [ours(inventory, 'verify')],
  };
}
