import type { ForeignServer } from '../facts.ts';
import { shWords } from '../../base/sh.ts';
import type { Fact } from './fact.ts';
import { linesOf, numberOf, requireNumber } from './lines.ts';

/**
 * The distribution's own instances that run, and how many keys they hold: one that holds any is never stopped
 * without the operator. Its port is read off the process title; a server that wants a password does not say.
 */
export const foreignServers: Fact<Readonly<Record<string, ForeignServer>>> = {
  script: ({ distributionUnits, server }) =>
    distributionUnits.length === 0
      ? ':'
      : `
set -- ${shWords(distributionUnits)}
for pid in $(printf '%s\\n' "$units" | sed -n 's/^MainPID=//p' | tail -n $#); do
  unit=$1; shift
  [ "$pid" != 0 ] || continue
  port=$(tr '\\0' ' ' <"/proc/$pid/cmdline" | sed -n 's/^[^ ]* [^ ]*:\\([0-9][0-9]*\\).*/\\1/p')
  keys=
  if [ -n "$port" ] && command -v ${server}-cli >/dev/null; then
    said=$(timeout 2 ${server}-cli -p "$port" info 2>/dev/null | tr -d '\\r')
    # While it loads its data it may have none yet.
    if printf '%s\\n' "$said" | grep -q -x 'loading:0'; then
      keys=$(printf '%s\\n' "$said" | grep -e '^# Keyspace' -e '^db[0-9]' |
        sed 's/^#.*/0/; s/^db[0-9]*:keys=\\([0-9]*\\).*/\\1/' | tr '\\n' ' ')
    fi
  fi
  printf '%s %s %s\\n' "$unit" "$pid" "$keys"
done
:
`,
  parse: (output) => Object.fromEntries(linesOf(output).map(parseServer)),
};

/** `UNIT PID [KEYS…]`, one count a database after a 0; none at all when it would not say. */
function parseServer(line: string): readonly [string, ForeignServer] {
  const [unit = '', pid, ...counts] = line.trim().split(/\s+/);
  const keys =
    counts.length === 0 ? undefined : counts.reduce((sum, count) => sum + (numberOf(count) ?? 0), 0);
  return [unit, { pid: requireNumber(pid, 'process id'), keys }];
}
