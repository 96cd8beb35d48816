import { OperationError } from '../../base/errors.ts';
import { isProvablyGone } from '../operator.ts';
import type { Session } from '../session.ts';
import { stationCount, stationsOf } from '../stations.ts';
import { type LockRecord, parseLockRecord } from './ask.ts';
import { isBeatFunction, leaseSeconds } from './script.ts';

/**
 * Prints the holder's record where the lock is alive; fails where it is damaged. Takes nothing, and waits for
 * nobody.
 */
const script = `${isBeatFunction}
read -r lock
[ -e "$lock" ] || exit 0
[ -f "$lock" ] || exit 1
{ read -r token; read -r boot; read -r beat; read -r record; } <"$lock"
read -r now rest </proc/uptime && now=\${now%%.*}
[ "$boot" = "$(cat /proc/sys/kernel/random/boot_id)" ] || exit 0
is_beat "$beat" || exit 1
[ $((now - beat)) -ge ${leaseSeconds} ] || printf '%s\\n' "$record"
`;

/** Who is changing the cluster, and what to do; for whatever is refused because of that. */
export function describeHolder(
  cluster: string,
  { owner, since, reason }: LockRecord,
): { readonly message: string; readonly hints: readonly string[] } {
  return {
    message: `${cluster} is locked by ${owner} since ${since}: ${reason}`,
    hints: [
      `Wait until it is done, or ask ${owner}. Commands that only read work meanwhile.`,
      `When its process or connection is gone, the lock goes after ${leaseSeconds} s.`,
    ],
  };
}

/** `unread`: why it is not known that nobody holds it. */
export type LockReading = { readonly holder: LockRecord | undefined; readonly unread: string | undefined };

/**
 * The command that holds the cluster's lock on any connected host now. A holder has the majority of hosts, so
 * half of them that say nobody are enough to know that none does. Changes nothing.
 */
export async function lockHolder(session: Session): Promise<LockReading> {
  const answers = await Promise.all(
    stationsOf(session).map(({ shell, locations }) =>
      shell
        .run({ script, stdin: `${locations.lock}\n`, asRoot: true, timeoutMs: 15_000 })
        .then(({ code, stdout }) => (code === 0 ? stdout.trim() : undefined))
        .catch((error: unknown) => {
          if (error instanceof OperationError) return undefined;
          throw error;
        }),
    ),
  );
  const read = answers.filter((text) => text !== undefined);
  const holder = read
    .filter((text) => text !== '')
    .map(parseLockRecord)
    .find((record) => record.process === undefined || !isProvablyGone(record.process));
  const hosts = stationCount(session.inventory);
  const isKnown = holder !== undefined || read.length * 2 >= hosts;
  return {
    holder,
    unread: isKnown ? undefined : `the lock could be read on ${read.length} of ${hosts} hosts`,
  };
}
