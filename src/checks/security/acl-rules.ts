/**
 * Commands that an application has no business with, and the categories that allow or deny them (acl.c; ACL CAT).
 * One of each kind is enough: rules that let the others through let these through.
 */
const dangerous: Readonly<Record<string, readonly string[]>> = {
  acl: ['admin', 'slow', 'dangerous'],
  'cluster|forget': ['admin', 'slow', 'dangerous'],
  'cluster|reset': ['admin', 'slow', 'dangerous'],
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
  shutdown: ['admin', 'slow', 'dangerous'],
};

/** The dangerous commands that these ACL rules, in their order, leave allowed. Later rules win over earlier ones. */
export function allowedDangers(rules: readonly string[]): readonly string[] {
  return Object.entries(dangerous)
    .filter(([command, categories]) =>
      rules.reduce((allowed, rule) => apply(rule, { command, categories, allowed }), false),
    )
    .map(([command]) => command.replace('|', ' '));
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
  // A subcommand of a container that is dangerous as a whole: being allowed one of CONFIG's is not all of CONFIG.
  return allowed;
}
