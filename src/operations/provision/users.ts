import { createHash } from 'node:crypto';
import { allowedDangers } from '../../checks/security/acl-rules.ts';
import type { ClusterStep } from '../../cluster/step.ts';
import { hasOtherPassword, parseUser } from '../../cluster/users.ts';
import type { RunningNode } from './running.ts';

/**
 * Users as the file that the node started with names them: nobody's own users are touched. A user of the inventory is
 * set again where the server has it without its password, disabled, or with commands that it may not have.
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
      .filter(([user]) => !names.has(user))
      .map(([user = '']) => ({ kind: 'remove-user', node, user }) as const),
  ];
}

/** Servers print rules in their own way, by version: what counts is compared, not the words. */
function isInForce(line: readonly string[], live: readonly string[] | undefined): boolean {
  if (live === undefined) return true;
  const [name, ...rules] = line;
  const hash = rules.find((rule) => rule.startsWith('#'))?.slice(1);
  const found = live.map((each) => parseUser(each, () => hash)).find((user) => user.name === name);
  return (
    found !== undefined &&
    found.enabled &&
    found.oursWorks &&
    !found.noPassword &&
    !hasOtherPassword(found) &&
    allowedDangers(found.commands).length === 0
  );
}

/** Every password of the user default but the inventory's goes: CONFIG SET of the same one would change nothing. */
export function planPassword({ view, desired }: RunningNode): readonly ClusterStep[] {
  const password = desired['requirepass']?.[0]?.[0];
  if (password === undefined || view.users === undefined) return [];
  const hash = createHash('sha256').update(password).digest('hex');
  const user = view.users.map((line) => parseUser(line, () => hash)).find(({ name }) => name === 'default');
  if (!user || !hasOtherPassword(user)) return [];
  return [
    {
      kind: 'set-user',
      node: view.node,
      user: 'default',
      rules: ['resetpass', `#${hash}`],
      what: "accept the inventory's password alone (another one is accepted as well)",
    },
  ];
}

const same = (one: readonly string[], other: readonly string[]): boolean =>
  one.join('\0') === other.join('\0');
