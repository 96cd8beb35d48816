import type { AclUser } from '../../cluster/users.ts';
import type { Inventory } from '../../inventory/inventory.ts';
import type { Check, Finding } from '../check.ts';
import type { CheckInput } from '../input.ts';
import { usersOf } from '../probe.ts';
import { byHand, confirmedCall, ours } from '../remedy.ts';
import { joinNames } from '../text.ts';
import { dangersOf } from './acl-rules.ts';
import { applicationUser } from './application-user.ts';
import { defaultUser } from './default-user.ts';

/** The inventory's users are as it has them, there are no others, and the application's cannot administer. */
export const acl: Check = {
  name: 'users and their commands',
  section: 'security',
  run: (input) => {
    const all = input.inventory.nodes.flatMap(({ id }) =>
      usersOf(input.probes[id])
        .filter(({ enabled }) => enabled)
        .map((user) => ({ node: id, user })),
    );
    const others = all.filter(({ user }) => user.name !== 'default');
    const names = [...new Set(others.map(({ user }) => user.name))];
    return [
      ...defaultUser(input),
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

function judge({ inventory }: CheckInput, found: readonly Found[]): readonly Finding[] {
  const [first] = found;
  if (!first) return [];
  const { name } = first.user;
  const dangers = [...new Set(found.flatMap(({ user }) => dangersOf(user)))];
  const meant = found.filter(({ user }) => dangers.length === 0 || dangersOf(user).length > 0);
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
          seen: `it is enabled on ${joinNames(nodes)}${missingOn(inventory, nodes)}`,
          expected: 'the users default and that of the application, no others',
          why: 'An unknown user is an open door.',
          remedy: remove,
        },
      ];
}

/** A client that logs in as this user is turned away by the others after a failover. */
function missingOn({ nodes: all }: Inventory, having: readonly string[]): string {
  const without = all.map(({ id }) => id).filter((id) => !having.includes(id));
  return without.length === 0 ? '' : `, and not on ${joinNames(without)}`;
}

/** A name that a shell, an option parser or a terminal might take for something else is left to a person. */
function removal(inventory: Inventory, nodes: readonly string[], name: string): readonly string[] {
  const cut = byHand(
    `clients that log in as ${name} are disconnected and cannot come back; where an application needs it, stop here and name it as auth.application in the inventory`,
  );
  if (/^[\x21-\x7e]+$/.test(name) && !name.startsWith('-'))
    return [cut, ...nodes.map((node) => confirmedCall(inventory, node, 'ACL', 'DELUSER', name))];
  const where = joinNames(nodes);
  return [
    cut,
    byHand(`remove the user ${JSON.stringify(name)} on ${where} with redis-cli: ACL DELUSER NAME`),
  ];
}
