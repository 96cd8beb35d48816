import type { AclUser } from '../../cluster/users.ts';
import { applicationRules } from '../../render/acl.ts';

/**
 * Commands that an application has no business with, and the categories that allow or deny them (acl.c; ACL
 * CAT). One of each kind is enough: rules that let the others through let these through.
 */
const dangerous: Readonly<Record<string, readonly string[]>> = {
  acl: ['admin', 'slow', 'dangerous'],
  'cluster|forget': ['admin', 'slow', 'dangerous'],
  'cluster|reset': ['admin', 'slow', 'dangerous'],
  'client|kill': ['admin', 'slow', 'dangerous', 'connection'],
  config: ['admin', 'slow', 'dangerous'],
  debug: ['admin', 'slow', 'dangerous'],
  failover: ['admin', 'slow', 'dangerous'],
  flushall: ['keyspace', 'write', 'slow', 'dangerous'],
  flushdb: ['keyspace', 'write', 'slow', 'dangerous'],
  keys: ['keyspace', 'read', 'slow', 'dangerous'],
  migrate: ['keyspace', 'write', 'slow', 'dangerous'],
  module: ['admin', 'slow', 'dangerous'],
  monitor: ['admin', 'slow', 'dangerous'],
  replicaof: ['admin', 'slow', 'dangerous'],
  psync: ['admin', 'slow', 'dangerous'],
  save: ['admin', 'slow', 'dangerous'],
  shutdown: ['admin', 'slow', 'dangerous'],
  slaveof: ['admin', 'slow', 'dangerous'],
  swapdb: ['keyspace', 'write', 'fast', 'dangerous'],
  sync: ['admin', 'slow', 'dangerous'],
};

/**
 * Commands most of whose subcommands are as dangerous; being allowed a single one of those is a danger too.
 */
const containers: ReadonlySet<string> = new Set([
  'acl',
  'client',
  'cluster',
  'config',
  'debug',
  'latency',
  'module',
  'slowlog',
]);

/**
 * Subcommands of these that are neither @admin nor @dangerous (commands/*.json of Redis 7), or that tell
 * little.
 */
const harmless: ReadonlySet<string> = new Set([
  ...applicationRules.filter((rule) => rule.includes('|')).map((rule) => rule.slice(1)),
  'acl|cat',
  'acl|genpass',
  'acl|whoami',
  'client|no-touch',
  'client|setinfo',
  'cluster|links',
  'cluster|myshardid',
  'cluster|slot-stats',
  'latency|doctor',
  'latency|histogram',
  'latency|history',
  'latency|latest',
  'slowlog|len',
]);

/** The dangerous commands that a user may run, by its root rules or by a selector. */
export const dangersOf = ({ commands, selectors }: AclUser): readonly string[] => [
  ...new Set([commands, ...selectors.map((selector) => selector.commands)].flatMap(allowedDangers)),
];

/**
 * The dangerous commands that these ACL rules, in their order, leave allowed. Later rules win over earlier
 * ones.
 */
function allowedDangers(rules: readonly string[]): readonly string[] {
  const isAllowed = ([command, categories]: readonly [string, readonly string[]]): boolean =>
    rules.reduce((allowed, rule) => apply(rule, { command, categories, allowed }), false);
  const whole = Object.entries(dangerous)
    .filter(isAllowed)
    .map(([command]) => command);
  const single = subcommandsIn(rules).filter(
    (command) =>
      !whole.includes(command) &&
      !whole.includes(command.split('|')[0] ?? '') &&
      isAllowed([command, ['admin', 'slow', 'dangerous']]),
  );
  return [...whole, ...single].map((command) => command.replace('|', ' '));
}

/**
 * The subcommands that rules name, such as `config|get`: of containers that are dangerous, and themselves not
 * harmless.
 */
function subcommandsIn(rules: readonly string[]): readonly string[] {
  const named = rules
    .filter((rule) => rule.startsWith('+'))
    .map((rule) => rule.slice(1).toLowerCase())
    .filter((subject) => containers.has(subject.split('|')[0] ?? '') && subject.includes('|'));
  return [...new Set(named)].filter((subject) => !harmless.has(subject) && !subject.endsWith('|help'));
}

type State = { readonly command: string; readonly categories: readonly string[]; readonly allowed: boolean };

function apply(rule: string, { command, categories, allowed }: State): boolean {
  const normal = rule.toLowerCase();
  if (normal === 'allcommands' || normal === '+@all') return true;
  if (normal === 'nocommands' || normal === '-@all' || normal === 'reset') return false;
  const verdict = normal.startsWith('+') ? true : normal.startsWith('-') ? false : undefined;
  const subject = normal.slice(1);
  if (verdict === undefined) return allowed;
  if (subject.startsWith('@')) return categories.includes(subject.slice(1)) ? verdict : allowed;
  const [container = ''] = command.split('|');
  if (subject === command || subject === container) return verdict;
  // Being allowed one of CONFIG's subcommands is not all of CONFIG: `subcommandsIn`.
  return allowed;
}
