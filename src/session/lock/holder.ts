import { isProvablyGone } from '../operator.ts';
import type { Session } from '../session.ts';
import { stationsOf } from '../stations.ts';
import { type LockRecord, parseLockRecord } from './ask.ts';
import { leaseSeconds } from './script.ts';

/** Prints the holder's record where the lock is alive. Takes nothing, and waits for nobody. */
const script = `
read -r lock
[ -f "$lock" ] || exit 0
{ read -r token; read -r boot; read -r beat; read -r record; } <"$lock"
read -r now rest </proc/uptime
[ "$boot" = "$(cat /proc/sys/kernel/random/boot_id)" ] || exit 0
[ $((\${now%%.*} - beat)) -ge ${leaseSeconds} ] || printf '%s\\n' "$record"
`;

/**
 * The command that holds the cluster's lock on any connected host now; undefined: none does, as far as the
 * hosts could be read. Changes nothing.
 */
export async function lockHolder(session: Session): Promise<LockRecord | undefined> {
  const answers = await Promise.all(
    stationsOf(session).map(({ shell, locations }) =>
      shell
        .run({ script, stdin: `${locations.lock}\n`, asRoot: true, timeoutMs: 15_000 })
        .then(({ code, stdout }) => (code === 0 ? stdout.trim() : ''))
        .catch(() => ''),
    ),
  );
  const records = answers.filter((text) => text !== '').map(parseLockRecord);
  return records.find(({ process: holder }) => holder === undefined || !isProvablyGone(holder));
}
