/** What the root rules or one selector of a user allow, in the words and the order of ACL LIST. */
export type AclRights = {
  /** Such as `~app:*` and `%R~*`; `~*` is all of them. */
  readonly keys: readonly string[];
  /** Such as `&news.*`; `&*` is all of them. */
  readonly channels: readonly string[];
  /** Such as `+@all`, `-@dangerous`, `+config|get`; later ones win. */
  readonly commands: readonly string[];
};

/** One user of ACL LIST. Password hashes were compared with the inventory's and dropped. */
export type AclUser = AclRights & {
  readonly name: string;
  readonly enabled: boolean;
  readonly noPassword: boolean;
  readonly passwords: number;
  /** The inventory's password for this user is among them. */
  readonly oursWorks: boolean;
  /** Redis 7.0: a command that the root rules deny is allowed where one of these allows it. */
  readonly selectors: readonly AclRights[];
};

/**
 * Reads a line of ACL LIST, `user NAME on #HASH ~* &* +@all (~x resetchannels -@all +get)`. No name and no
 * pattern holds a space; both may hold parentheses. `hashOf` gives the SHA-256, in hex, of the password that
 * the inventory has for a user; undefined: it has none.
 */
export function parseUser(line: string, hashOf: (name: string) => string | undefined): AclUser {
  const [, name = '', ...words] = line.split(' ');
  const [root = [], ...selectors] = splitSelectors(words);
  const hashes = root.filter((rule) => rule.startsWith('#')).map((rule) => rule.slice(1));
  const wanted = hashOf(name);
  return {
    name,
    enabled: root.includes('on'),
    noPassword: root.includes('nopass'),
    passwords: hashes.length,
    oursWorks: wanted !== undefined && hashes.includes(wanted),
    ...rightsOf(root),
    selectors: selectors.map(rightsOf),
  };
}

/**
 * The root rules, then those of each selector. Only a selector begins with a parenthesis; its commands come
 * last.
 */
function splitSelectors(words: readonly string[]): readonly (readonly string[])[] {
  const parts: string[][] = [[]];
  for (const word of words) {
    if (word.startsWith('(')) parts.push([]);
    const rule = word.startsWith('(') ? word.slice(1) : word;
    parts.at(-1)?.push(parts.length > 1 && /^[+-]/.test(rule) ? rule.replace(/\)$/, '') : rule);
  }
  return parts;
}

const rightsOf = (rules: readonly string[]): AclRights => ({
  keys: rules.flatMap((rule) => (rule === 'allkeys' ? '~*' : /^[~%]/.test(rule) ? rule : [])),
  channels: rules.flatMap((rule) => (rule === 'allchannels' ? '&*' : rule.startsWith('&') ? rule : [])),
  commands: rules.filter((rule) => /^[+-]|^allcommands$|^nocommands$/.test(rule)),
});

/** Whether a user accepts a password that is not the inventory's. */
export const hasOtherPassword = ({ noPassword, passwords, oursWorks }: AclUser): boolean =>
  !noPassword && passwords > (oursWorks ? 1 : 0);

/** Whether a user accepts the inventory's password and nothing else. */
export const hasOurPassword = ({ noPassword, passwords, oursWorks }: AclUser): boolean =>
  !noPassword && oursWorks && passwords === 1;

/** Of what the root rules of a user do not give all. Commands that later rules deny are not looked at. */
export function lacksOf(user: AclUser): readonly ('keys' | 'channels' | 'commands')[] {
  return [
    ...(user.keys.includes('~*') ? [] : ['keys' as const]),
    ...(user.channels.includes('&*') ? [] : ['channels' as const]),
    ...(allStart(user.commands) === -1 ? ['commands' as const] : []),
  ];
}

/** Whether a user is on and may do everything, as the user default must be. */
export const mayEverything = (user: AclUser): boolean =>
  user.enabled &&
  lacksOf(user).length === 0 &&
  !user.commands.slice(allStart(user.commands)).some((rule) => rule.startsWith('-'));

/** Where the rules allow all commands, if they do: what comes before is of no account. */
function allStart(commands: readonly string[]): number {
  const last = (names: readonly string[]): number => commands.findLastIndex((rule) => names.includes(rule));
  const all = last(['+@all', 'allcommands']);
  return all > last(['-@all', 'nocommands']) ? all : -1;
}
