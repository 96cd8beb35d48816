import { type AclUser, hasOurPassword, lacksOf } from '../../cluster/users.ts';
import type { Finding } from '../check.ts';
import type { CheckInput } from '../input.ts';
import { usersOf } from '../probe.ts';
import { ours } from '../remedy.ts';
import { joinNames } from '../text.ts';

/** What is wrong with the application's user; what it may run too much is in `judge` of acl.ts. */
export function applicationUser(input: CheckInput): readonly Finding[] {
  const { inventory, probes } = input;
  const name = inventory.auth.application?.user;
  if (name === undefined) return [];
  const found = inventory.nodes.flatMap(({ id }) => {
    const users = usersOf(probes[id]);
    return users.length === 0 ? [] : [{ node: id, user: users.find((user) => user.name === name) }];
  });
  return [
    ...lockedOut(input, name, found),
    ...withoutRights(input, name, found),
    ...open(input, name, found),
  ];
}

type Found = readonly { readonly node: string; readonly user: AclUser | undefined }[];

const canLogIn = (user: AclUser | undefined): user is AclUser =>
  user?.enabled === true && (user.oursWorks || user.noPassword);

function lockedOut({ inventory }: CheckInput, name: string, found: Found): readonly Finding[] {
  const nodes = found.filter(({ user }) => !canLogIn(user)).map(({ node }) => node);
  if (nodes.length === 0) return [];
  return [
    {
      id: 'WR-ACL-APPLICATION',
      severity: 'critical',
      title: `applications cannot log in to ${joinNames(nodes)} as ${name}`,
      nodes,
      hosts: [],
      seen: `the user ${name} is missing, disabled or has another password there`,
      expected: `the user ${name} with the inventory's password on every node`,
      why: 'Applications meet WRONGPASS as soon as they are sent to this node.',
      remedy: [ours(inventory, 'provision')],
    },
  ];
}

function withoutRights({ inventory }: CheckInput, name: string, found: Found): readonly Finding[] {
  const lacking = found.filter(({ user }) => canLogIn(user) && lacksOf(user).length > 0);
  if (lacking.length === 0) return [];
  const nodes = lacking.map(({ node }) => node);
  const lacks = [...new Set(lacking.flatMap(({ user }) => (user ? lacksOf(user) : [])))];
  return [
    {
      id: 'WR-ACL-RIGHTS',
      severity: 'critical',
      title: `applications are denied ${joinNames(lacks)} on ${joinNames(nodes)}`,
      nodes,
      hosts: [],
      seen: `the user ${name} does not have all ${joinNames(lacks)} there`,
      expected: `all keys, all channels, and all commands that are neither @admin nor @dangerous`,
      why: 'Applications meet NOPERM as soon as they are sent to this node.',
      remedy: [ours(inventory, 'provision')],
    },
  ];
}

/** Ways in that the inventory does not give: other passwords, none, and selectors. */
function open({ inventory }: CheckInput, name: string, found: Found): readonly Finding[] {
  const nodes = (has: (user: AclUser) => boolean): readonly string[] =>
    found.filter(({ user }) => canLogIn(user) && has(user)).map(({ node }) => node);
  const withoutPassword = nodes((user) => user.noPassword);
  const extra = nodes((user) => !user.noPassword && (!hasOurPassword(user) || user.selectors.length > 0));
  const finding = { id: 'WR-ACL-EXTRA', hosts: [], remedy: [ours(inventory, 'provision')] } as const;
  return [
    ...(withoutPassword.length === 0
      ? []
      : [
          {
            ...finding,
            severity: 'critical' as const,
            title: `the user ${name} needs no password on ${joinNames(withoutPassword)}`,
            nodes: withoutPassword,
            seen: `the user ${name} accepts every password there`,
            expected: "the inventory's password alone",
            why: 'Anyone who reaches the port reads and writes every key.',
          },
        ]),
    ...(extra.length === 0
      ? []
      : [
          {
            ...finding,
            severity: 'warning' as const,
            title: `the user ${name} has more than the inventory gives it on ${joinNames(extra)}`,
            nodes: extra,
            seen: `the user ${name} has another password as well, or selectors`,
            expected: "the inventory's password alone, and no selectors",
            why: 'It is a way in, or a right, that nobody knows of and nobody takes back.',
          },
        ]),
  ];
}
