import { reachableNodes } from '../../cluster/shape.ts';
import { hasOtherPassword } from '../../cluster/users.ts';
import type { Check, Finding } from '../check.ts';
import type { CheckInput } from '../input.ts';
import { usersOf } from '../probe.ts';
import { byHand, ours } from '../remedy.ts';
import { titled } from '../shared.ts';
import { joinNames } from '../text.ts';

/**
 * Nobody gets in without the inventory's password, and with no other. Loopback without a password is a
 * choice.
 */
export const auth: Check = {
  name: 'authentication',
  section: 'security',
  run: (input) => [
    ...open(input),
    ...missing(input),
    ...published(input),
    ...extraPasswords(input),
    ...masterauth(input),
  ],
};

function open({ inventory, probes }: CheckInput): readonly Finding[] {
  if (inventory.auth.password === undefined) return [];
  const nodes = inventory.nodes.map(({ id }) => id).filter((id) => probes[id]?.anonymous === 'answered');
  return nodes.map((node) => ({
    id: 'WR-AUTH-OPEN',
    severity: 'critical',
    ...titled(node, '{} {answers|answer} without a password'),
    nodes: [node],
    hosts: [],
    seen: 'a connection that gave no password was answered',
    expected: 'NOAUTH',
    why: 'Anyone who reaches the port owns the data and, through CONFIG, the host.',
    remedy: [ours(inventory, 'provision')],
  }));
}

/** Protected mode turns strangers away, and the application; over loopback the tool gets in to repair it. */
function missing({ inventory, probes }: CheckInput): readonly Finding[] {
  if (inventory.auth.password === undefined) return [];
  return inventory.nodes
    .map(({ id }) => id)
    .filter((id) => {
      const user = usersOf(probes[id]).find(({ name }) => name === 'default');
      return user?.noPassword === true && probes[id]?.anonymous === 'refused';
    })
    .map((node) => ({
      id: 'WR-AUTH-MISSING',
      severity: 'critical',
      ...titled(node, '{} {has|have} no password'),
      nodes: [node],
      hosts: [],
      seen: 'the user default needs no password, and protected mode refuses clients from other hosts',
      expected: "the inventory's password",
      why: 'Only protected mode keeps strangers out, and it turns every application away as well.',
      remedy: [ours(inventory, 'provision')],
    }));
}

function published({ inventory, passwordPublished, view }: CheckInput): readonly Finding[] {
  // Where no node has accepted it, it is a wrong password, and not the cluster's.
  if (!passwordPublished || !view.nodes.some(({ reachable }) => reachable)) return [];
  return [
    {
      id: 'WR-AUTH-PUBLISHED',
      severity: 'critical',
      title: "the cluster's password is a well-known default",
      nodes: [],
      hosts: [],
      seen: 'the password is on the list of defaults and of those that guides print',
      expected: 'a long random password',
      why: 'Anyone who reaches the port can guess it.',
      remedy: [
        byHand(
          `in a maintenance window, since no node serves meanwhile: ${ours(inventory, 'stop')}; put a long random password where auth.password of the inventory has this one; ${ours(inventory, 'provision')}`,
        ),
      ],
    },
  ];
}

/** After a rotation by hand the old password stays valid until it is removed. */
function extraPasswords({ inventory, probes }: CheckInput): readonly Finding[] {
  if (inventory.auth.password === undefined) return [];
  const nodes = inventory.nodes
    .map(({ id }) => id)
    .filter((id) => {
      const user = usersOf(probes[id]).find(({ name }) => name === 'default');
      return user !== undefined && hasOtherPassword(user);
    });
  if (nodes.length === 0) return [];
  return [
    {
      id: 'WR-AUTH-EXTRA',
      severity: 'warning',
      title: `${joinNames(nodes)} accept${nodes.length === 1 ? 's' : ''} another password as well`,
      nodes,
      hosts: [],
      seen: "the user default has a password besides the inventory's",
      expected: 'one password',
      why: 'Anyone who knows the other password gets in.',
      remedy: [
        byHand(
          'give clients that use the other password the new one: they cannot log in any more afterwards',
        ),
        ours(inventory, 'provision'),
      ],
    },
  ];
}

function masterauth({ inventory, view }: CheckInput): readonly Finding[] {
  const wrong = reachableNodes(view).filter(({ masterLogin = 'ours' }) => masterLogin !== 'ours');
  return wrong.map(({ node, masterLogin, config }) => ({
    id: 'WR-MASTERAUTH',
    severity: 'critical',
    ...titled(node, '{} cannot log in to {its master|their masters}'),
    nodes: [node],
    hosts: [],
    seen:
      masterLogin === 'none'
        ? 'masterauth is not set'
        : (config['masteruser'] ?? '') === ''
          ? "masterauth is not the inventory's password"
          : `masteruser is ${config['masteruser']}, and no user of that name is the tool's`,
    expected: 'the same password as requirepass, on every node, and no masteruser',
    why: 'As a replica it gets no data the next time that it has to connect, and gossip does not show it.',
    remedy: [ours(inventory, 'provision')],
  }));
}
