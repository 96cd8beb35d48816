import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import type { ReachableView } from '../../../src/cluster/view.ts';
import { planDefaultUser, planUsers, requireUsers } from '../../../src/operations/provision/users.ts';
import type { RunningNode } from '../../../src/operations/provision/running-node.ts';
import { applicationUser } from '../../../src/render/acl.ts';

const hash = (password: string): string => createHash('sha256').update(password).digest('hex');
const [ours, other] = [hash('secret'), hash('other')];
const line = applicationUser('app', 'secret');

const running = (users: ReachableView['users'], password: string | undefined = 'secret'): RunningNode => ({
  host: 'redis1',
  view: {
    reachable: true,
    node: 'redis1:7000',
    nodeId: '',
    nodes: [],
    clusterInfo: {},
    info: {},
    keys: 0,
    config: {},
    users,
  },
  desired: { user: [line], ...(password !== undefined && { requirepass: [[password]] }) },
  onDisk: { user: [line] },
  data: { folder: { kind: 'absent' }, leftBehind: undefined, asides: [] },
  isOlderThanFile: false,
  defaults: undefined,
  otherSeries: undefined,
  renewed: [],
  move: undefined,
  version: '7.0.15',
  process: undefined,
  dropIns: [],
});

const rulesFor = (users: ReachableView['users'], password?: string): readonly unknown[] =>
  planDefaultUser(running(users, password)).map((step) => (step.kind === 'set-user' ? step.rules : step));

test.each([
  [`user default on sanitize-payload #${ours} ~* &* +@all`],
  [`user default on #${ours} ~* &* +@all`],
  [`user default on #${ours} ~* &* -@all +get +@all`],
])('%s is left alone', (users) => {
  expect(rulesFor([users])).toEqual([]);
});

test.each([
  ['user default on nopass ~* &* +@all'],
  [`user default off #${ours} ~* &* +@all`],
  [`user default on #${ours} #${other} ~* &* +@all`],
  [`user default on #${other} ~* &* +@all`],
  [`user default on #${ours} ~a &* +@all`],
  [`user default on #${ours} %R~* &* +@all`],
  [`user default on #${ours} ~* resetchannels +@all`],
  [`user default on #${ours} ~* &* +@all -config|set`],
  [`user default on #${ours} resetchannels -@all (~* &* +@all)`],
])('%s is set again', (users) => {
  expect(rulesFor([users])).toEqual([['on', 'resetpass', `#${ours}`, '~*', '&*', '+@all']]);
});

test('without a password in the inventory, the rights of the user default are set again, and no password', () => {
  const node = { ...running(['user default on nopass ~* &* +@all -config']), desired: {} };
  expect(planDefaultUser(node)).toMatchObject([{ rules: ['on', '~*', '&*', '+@all'] }]);
});

test('a node that does not list its users is refused, and does not pass for one that has the right ones', () => {
  expect(requireUsers(running('denied'))).toMatchObject([{ kind: 'refused', node: 'redis1:7000' }]);
  expect(requireUsers(running([]))).toEqual([]);
});

const app = (rules: string): readonly string[] => [`user app ${rules}`];

test.each([
  [app(`on sanitize-payload #${ours} ~* &* +@all -@admin -@dangerous +info +cluster|nodes`)],
  [
    app(
      `on #${ours} ~* &* +@all -@admin -flushdb -restore-asking -sort -migrate -keys -flushall -restore -swapdb`,
    ),
  ],
])('%j is the user of the inventory', (users) => {
  expect(planUsers(running(users))).toEqual([]);
});

const harmless = '+@all -@admin -@dangerous';

test.each([
  [[]],
  [app(`off #${ours} ~* &* ${harmless}`)],
  [app(`on nopass ~* &* ${harmless}`)],
  [app(`on #${ours} #${other} ~* &* ${harmless}`)],
  [app(`on #${ours} resetchannels ${harmless}`)],
  [app(`on #${ours} ~* resetchannels ${harmless}`)],
  [app(`on #${ours} &* ${harmless}`)],
  [app(`on #${ours} ~* &* -@all`)],
  [app(`on #${ours} ~* &* ${harmless} +config|get`)],
  [app(`on #${ours} ~* &* ${harmless} (~x resetchannels -@all +get)`)],
  [app(`on #${ours} ~* &* +@all (~x resetchannels -@all +get)`)],
  [[`user (app) on #${ours} ~* &* ${harmless}`]],
])('with %j the user of the inventory is set again', (users) => {
  expect(planUsers(running(users))).toMatchObject([{ kind: 'set-user', user: 'app' }]);
});
