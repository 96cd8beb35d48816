import { RefusedError } from '../../base/errors.ts';
import { isSecretDirective } from '../../inventory/secret-directives.ts';

/**
 * What a command can do. `reads`: it changes nothing. `harmless`: it changes what no data depends on. All
 * others can lose data or lock out, and each has a guard: what it can do depends on its arguments and on the
 * cluster.
 */
export type Effect =
  | 'reads'
  | 'harmless'
  | 'sets-config'
  | 'rewrites-append-only'
  | 'removes-user'
  | 'meets'
  | 'forgets'
  | 'replicates'
  | 'adds-slots'
  | 'closes-slot';

/**
 * Every command that `call` passes on, each read in the server's source for what it can do. What is not here
 * is refused, also what a module or a newer server brings. The server is asked as well whether it means the
 * same by the name (`server-word.ts`).
 */
const commands: readonly (readonly [effect: Effect, names: readonly string[]])[] = [
  [
    'reads',
    [
      'ACL CAT',
      'ACL LIST',
      'ACL LOG',
      'ACL USERS',
      'CLIENT INFO',
      'CLIENT LIST',
      'CLUSTER COUNTKEYSINSLOT',
      'CLUSTER GETKEYSINSLOT',
      'CLUSTER INFO',
      'CLUSTER LINKS',
      'CLUSTER MYID',
      'CLUSTER NODES',
      'CLUSTER SHARDS',
      'CLUSTER SLOTS',
      'CONFIG GET',
      'DBSIZE',
      'INFO',
      'LASTSAVE',
      'LATENCY DOCTOR',
      'LATENCY HISTORY',
      'LATENCY LATEST',
      'MEMORY DOCTOR',
      'MEMORY STATS',
      'PING',
      'ROLE',
      'SLOWLOG GET',
      'SLOWLOG LEN',
      'TIME',
    ],
  ],
  [
    'harmless',
    [
      'ACL LOG RESET',
      'BGSAVE',
      'CLIENT KILL',
      'CLIENT UNPAUSE',
      'CONFIG RESETSTAT',
      'FUNCTION KILL',
      'LATENCY RESET',
      'MEMORY PURGE',
      'SCRIPT KILL',
      'SLOWLOG RESET',
    ],
  ],
  ['sets-config', ['CONFIG SET']],
  ['rewrites-append-only', ['BGREWRITEAOF']],
  ['removes-user', ['ACL DELUSER']],
  ['meets', ['CLUSTER MEET']],
  ['forgets', ['CLUSTER FORGET']],
  ['replicates', ['CLUSTER REPLICATE']],
  ['adds-slots', ['CLUSTER ADDSLOTS', 'CLUSTER ADDSLOTSRANGE']],
  ['closes-slot', ['CLUSTER SETSLOT * STABLE']],
];

type Entry = { readonly effect: Effect; readonly words: readonly string[] };

/** The longest first: ACL LOG RESET is not ACL LOG. */
const entries: readonly Entry[] = commands
  .flatMap(([effect, names]) => names.map((name) => ({ effect, words: name.split(' ') })))
  .toSorted((a, b) => b.words.length - a.words.length);

/** What the command can do. Throws RefusedError, with nothing sent, for any that is not passed on. */
export function classifyCall(words: readonly string[]): Effect {
  const upper = words.map((word) => word.toUpperCase());
  // Word by word: `CONFIG SET` as one word is another command, which Redis would answer with all of its
  // arguments.
  const found = entries.find((entry) =>
    entry.words.every((word, index) => word === upper[index] || (word === '*' && upper[index] !== undefined)),
  );
  if (!found) throw refusalOf(upper);
  refuseSecrets(words);
  return found.effect;
}

function refusalOf(upper: readonly string[]): RefusedError {
  const known = entries.map((entry) => entry.words.join(' ').replace('*', 'SLOT')).toSorted();
  return new RefusedError(`call does not pass on ${nameOf(upper)}`, {
    hints: [
      `It passes on: ${known.join(', ')}.`,
      'Use the command made for it; weedgo-redis --help lists them. For keys there is redis-cli.',
    ],
  });
}

/** The command without its arguments, one of which may be a password (AUTH). */
function nameOf([name = '', subcommand = '', ...rest]: readonly string[]): string {
  const isContainer = entries.some((entry) => entry.words.length > 1 && entry.words[0] === name);
  if (!isContainer) return name;
  const action = name === 'CLUSTER' && subcommand === 'SETSLOT' ? ` … ${rest[1] ?? ''}` : '';
  return `${name} ${subcommand}${action}`.trimEnd();
}

/** The pairs of a CONFIG SET. */
export function settingsOf(words: readonly string[]): readonly (readonly [name: string, value: string])[] {
  const rest = words.slice(2);
  return rest.flatMap((name, index) => (index % 2 === 0 ? [[name, rest[index + 1] ?? ''] as const] : []));
}

/** A password typed here would stand in the process list and in the shell's history. */
function refuseSecrets(words: readonly string[]): void {
  const [name = '', subcommand = ''] = words;
  if (`${name} ${subcommand}`.toUpperCase() !== 'CONFIG SET') return;
  if (!settingsOf(words).some(([directive]) => isSecretDirective(directive))) return;
  throw new RefusedError('a password does not belong on a command line', {
    hints: ['Change it where auth in the inventory says that it comes from, then: weedgo-redis provision'],
  });
}
