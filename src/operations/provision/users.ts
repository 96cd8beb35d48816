import { dangersOf } from '../../checks/security/acl-rules.ts';
import type { ClusterStep } from '../../cluster/step.ts';
import { type AclUser, hasOurPassword, lacksOf, mayEverything, parseUser } from '../../cluster/users.ts';
import type { ReachableView } from '../../cluster/view.ts';
import type { HostProblem } from '../../host/requirements/problem.ts';
import { passwordHash } from '../../render/acl.ts';
import type { RunningNode } from './running-node.ts';

/**
 * Users as the file that the node started with names them: nobody's own users are touched. A user of the
 * inventory is set again where the server has it without its password, disabled, or with commands that it may
 * not have.
 */
export function planUsers({ view, desired, onDisk }: RunningNode): readonly ClusterStep[] {
  const { node } = view;
  const names = new Set((desired['user'] ?? []).map(([user]) => user));
  return [
    ...(desired['user'] ?? [])
      .filter(
        (line) => !(onDisk['user'] ?? []).some((other) => same(line, other)) || !isInForce(line, view.users),
      )
      .map(([user = '', ...rules]) => ({ kind: 'set-user', node, user, rules }) as const),
    ...(onDisk['user'] ?? [])
      // CONFIG REWRITE writes a line for default as well, which no server lets go.
      .filter(([user = '']) => user !== 'default' && !names.has(user))
      .map(([user = '']) => ({ kind: 'remove-user', node, user }) as const),
  ];
}

/** Servers print rules in their own way, by version: what counts is compared, not the words. */
function isInForce(line: readonly string[], live: ReachableView['users']): boolean {
  if (live === undefined || live === 'denied') return true;
  const [name, ...rules] = line;
  const hash = rules.find((rule) => rule.startsWith('#'))?.slice(1);
  const found = live.map((each) => parseUser(each, () => hash)).find((user) => user.name === name);
  return (
    found !== undefined &&
    found.enabled &&
    hasOurPassword(found) &&
    lacksOf(found).length === 0 &&
    found.selectors.length === 0 &&
    dangersOf(found).length === 0
  );
}

/**
 * The user default as the inventory has it: on, with every right, and its password alone. CONFIG SET of the
 * same requirepass would change nothing.
 */
export function planDefaultUser({ view, desired }: RunningNode): readonly ClusterStep[] {
  const password = desired['requirepass']?.[0]?.[0];
  const hash = password === undefined ? undefined : passwordHash(password);
  const user = listed(view.users)
    .map((line) => parseUser(line, () => hash))
    .find(({ name }) => name === 'default');
  if (!user || (mayEverything(user) && (hash === undefined || hasOurPassword(user)))) return [];
  return [
    {
      kind: 'set-user',
      node: view.node,
      user: 'default',
      // Words that every version from 6.2 knows.
      rules: ['on', ...(hash === undefined ? [] : ['resetpass', `#${hash}`]), '~*', '&*', '+@all'],
      what: `set the user default (${faultOf(user, hash !== undefined)})`,
    },
  ];
}

function faultOf(user: AclUser, isPasswordWanted: boolean): string {
  if (!user.enabled) return 'it is off';
  if (!mayEverything(user)) return 'it lacks rights';
  if (isPasswordWanted && user.noPassword) return 'it needs no password';
  return user.oursWorks ? 'another password is accepted as well' : 'it has another password';
}

/** A node that refuses to list its users is not one whose users are right. */
export function requireUsers({ host, view }: RunningNode): readonly HostProblem[] {
  if (view.users !== 'denied') return [];
  return [
    {
      id: 'users-unknown',
      kind: 'refused',
      host,
      node: view.node,
      message: `${view.node}: the user default may not run ACL LIST there, so its users cannot be compared`,
      hints: [`Run weedgo-redis restart ${view.node}: a start gives the user default its rights back.`],
    },
  ];
}

const listed = (users: ReachableView['users']): readonly string[] =>
  users === undefined || users === 'denied' ? [] : users;

const same = (one: readonly string[], other: readonly string[]): boolean =>
  one.join('\0') === other.join('\0');
