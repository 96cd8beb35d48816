import { RefusedError } from '../../errors.ts';
import { isSecretDirective } from '../../render/directives.ts';

export type CallKind = 'read' | 'mend';

/**
 * What `call` passes on: commands that look, and those that mend a cluster. Everything else is refused: what can
 * lose data has commands of its own with their guards, and for keys there is redis-cli.
 */
const commands: Readonly<Record<CallKind, readonly string[]>> = {
  read: [
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
  mend: [
    'ACL DELUSER',
    'ACL LOG RESET',
    'BGREWRITEAOF',
    'BGSAVE',
    'CLIENT KILL',
    'CLUSTER ADDSLOTS',
    'CLUSTER ADDSLOTSRANGE',
    'CLUSTER BUMPEPOCH',
    'CLUSTER FORGET',
    'CLUSTER MEET',
    'CLUSTER REPLICATE',
    'CLUSTER SETSLOT',
    'CONFIG RESETSTAT',
    'CONFIG SET',
    'FUNCTION KILL',
    'LATENCY RESET',
    'MEMORY PURGE',
    'SCRIPT KILL',
    'SLOWLOG RESET',
  ],
};

/** Whether the command looks or mends. Throws RefusedError, with nothing sent, for any other. */
export function classifyCall(words: readonly string[]): CallKind {
  const upper = words.map((word) => word.toUpperCase());
  // Word by word: `CONFIG SET` as one word is another command, which Redis would answer with all of its arguments.
  const known = (kind: CallKind): boolean =>
    commands[kind].some((command) => command.split(' ').every((word, index) => word === upper[index]));
  if (known('mend')) refuseSecrets(words);
  // ACL LOG looks, ACL LOG RESET does not.
  if (known('mend')) return 'mend';
  if (known('read')) return 'read';
  throw new RefusedError(`call does not pass on ${nameOf(upper)}`, {
    hints: [
      `It knows: ${[...commands.read, ...commands.mend].join(', ')}.`,
      'What can lose data has commands of its own; weedgo-redis --help lists them.',
    ],
  });
}

/** The command without its arguments, one of which may be a password (AUTH). */
function nameOf([name = '', subcommand = '']: readonly string[]): string {
  const isContainer = Object.values(commands).some((list) =>
    list.some((each) => each.startsWith(`${name} `)),
  );
  return isContainer ? `${name} ${subcommand}`.trimEnd() : name;
}

/** A password typed here would stand in the process list and in the shell's history. */
function refuseSecrets([name = '', subcommand = '', ...rest]: readonly string[]): void {
  const isConfigSet = name.toUpperCase() === 'CONFIG' && subcommand.toUpperCase() === 'SET';
  if (!isConfigSet || !rest.some((word, index) => index % 2 === 0 && isSecret(word))) return;
  throw new RefusedError('a password does not belong on a command line', {
    hints: ['Change it where auth in the inventory says that it comes from, then: weedgo-redis provision'],
  });
}

/** Directives whose values nobody is to see; names as CONFIG takes them, in any case. */
export function isSecret(name: string): boolean {
  return isSecretDirective(name.toLowerCase()) || name.toLowerCase().endsWith('-file-pass');
}
