import type { AclUser } from '../../cluster/users.ts';
import type { Inventory } from '../../inventory/inventory.ts';
import type { Check, CheckInput, Finding } from '../check.ts';
import { byHand, confirmedCall, ours } from '../remedy.ts';
import { joinNames } from '../text.ts';
import { allowedDangers } from './acl-rules.ts';

/** The application's user is there, is the only one besides ours, and cannot administer. */
export const acl: Check = {
  name: 'users and their commands',
  section: 'security',
  run: (input) => {
    const all = input.inventory.nodes.flatMap(({ id }) =>
      (input.probes[id]?.users ?? []).filter(({ enabled }) => enabled).map((user) => ({ node: id, user })),
    );
    const others = all.filter(({ user }) => user.name !== 'default');
    const names = [...new Set(others.map(({ user }) => user.name))];
    return [
      ...applicationUser(input),
      ...names.flatMap((name) =>
        judge(
          input,
          others.filter(({ user }) => user.name === name),
        ),
      ),
    ];
  },
};

type Found = { readonly node: string; readonly user: AclUser };

function applicationUser({ inventory, probes }: CheckInput): readonly Finding[] {
  const wanted = inventory.auth.application?.user;
  if (wanted === undefined) return [];
  const without = inventory.nodes
    .map(({ id }) => id)
    .filter((id) => {
      const users = probes[id]?.users;
      return (
        users !== undefined && !users.some((user) => user.name === wanted && user.enabled && user.oursWorks)
      );
    });
  if (without.length === 0) return [];
  return [
    {
      id: 'WR-ACL-APPLICATION',
      severity: 'critical',
      title: `applications cannot log in to ${joinNames(without)} as ${wanted}`,
      nodes: without,
      hosts: [],
      seen: `the user ${wanted} is missing, disabled or has another password there`,
      expected: `the user ${wanted} with the inventory's password on every node`,
      why: 'Applications meet WRONGPASS as soon as they are sent to this node.',
      remedy: [ours(inventory, 'provision')],
    },
  ];
}

function judge({ inventory }: CheckInput, found: readonly Found[]): readonly Finding[] {
  const [first] = found;
  if (!first) return [];
  const { name } = first.user;
  const dangers = [...new Set(found.flatMap(({ user }) => allowedDangers(user.commands)))];
  const meant = found.filter(({ user }) => dangers.length === 0 || allowedDangers(user.commands).length > 0);
  const nodes = meant.map(({ node }) => node);
  const isOurs = name === inventory.auth.application?.user;
  const remove = removal(inventory, nodes, name);
  if (dangers.length > 0) {
    return [
      {
        id: 'WR-ACL-DANGEROUS',
        severity: found.some(({ user }) => user.noPassword) ? 'critical' : 'warning',
        title: `the user ${name} may run dangerous commands`,
        nodes,
        hosts: [],
        seen: `allowed: ${joinNames(dangers, 20)}`,
        expected: 'neither @admin nor @dangerous for an application',
        why: 'One mistake or break-in in an application deletes the data or reconfigures the server.',
        remedy: isOurs ? [ours(inventory, 'provision')] : remove,
      },
    ];
  }
  return isOurs
    ? []
    : [
        {
          id: 'WR-ACL-UNKNOWN',
          severity: 'warning',
          title: `the user ${name} is not in the inventory`,
          nodes,
          hosts: [],
          seen: `it is enabled on ${joinNames(nodes)}`,
          expected: 'the users default and that of the application, no others',
          why: 'An unknown user is an open door.',
          remedy: remove,
        },
      ];
}

function removal(inventory: Inventory, nodes: readonly string[], name: string): readonly string[] {
  return [
    byHand(`clients that log in as ${name} are disconnected and cannot come back`),
    ...nodes.map((node) => confirmedCall(inventory, node, 'ACL', 'DELUSER', name)),
  ];
}
