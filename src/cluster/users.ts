/** One user of ACL LIST. Password hashes were compared with the inventory's and dropped. */
export type AclUser = {
  readonly name: string;
  readonly enabled: boolean;
  readonly noPassword: boolean;
  readonly passwords: number;
  /** The inventory's password for this user is among them. */
  readonly oursWorks: boolean;
  /** The command rules in order, such as `+@all`, `-@dangerous`; selectors of Redis 7 included. */
  readonly commands: readonly string[];
};

/**
 * Reads a line of ACL LIST, `user NAME on #HASH ~* &* +@all (selector)`. `hashOf` gives the SHA-256, in hex, of the
 * password that the inventory has for a user; undefined: it has none.
 */
export function parseUser(line: string, hashOf: (name: string) => string | undefined): AclUser {
  const [, name = '', ...rules] = line.split(' ').map((word) => word.replaceAll(/[()]/g, ''));
  const hashes = rules.filter((rule) => rule.startsWith('#')).map((rule) => rule.slice(1));
  const wanted = hashOf(name);
  return {
    name,
    enabled: rules.includes('on'),
    noPassword: rules.includes('nopass'),
    passwords: hashes.length,
    oursWorks: wanted !== undefined && hashes.includes(wanted),
    commands: rules.filter((rule) => /^[+-]|^allcommands$|^nocommands$/.test(rule)),
  };
}

/** Whether a user accepts a password that is not the inventory's. */
export const hasOtherPassword = ({ noPassword, passwords, oursWorks }: AclUser): boolean =>
  !noPassword && passwords > (oursWorks ? 1 : 0);
