/**
 * The lock on one host: a file of four lines (token, boot id, last sign of life in seconds since boot, the
 * holder's record as one line of JSON), changed only under flock(1) on a guard file beside it.
 *
 * A lease rather than a held process: nothing of ours stays behind on a host, and a holder whose laptop, network
 * or process is gone is noticed by its silence alone. Time is the host's own /proc/uptime, which no clock change
 * moves; another boot id means that the holder's lock did not outlive the reboot.
 */

/** A lock is given up after this many seconds without a sign of life. */
export const leaseSeconds = 25;
/** Seconds between two signs of life. */
export const beatSeconds = 5;

/** A beat takes a free lock again (the host was rebooted), but never another's. */
export type LockAction =
  | 'acquire'
  | 'beat'
  | 'release'
  /** Takes the lock from the holder of this token, whose process is known to be gone. */
  | `seize ${string}`;

/** stdin of `lockScript`. */
export const lockInput = (
  action: LockAction,
  lock: { readonly path: string; readonly token: string; readonly record: string },
): string => `${[action, lock.path, lock.token, lock.record].join('\n')}\n`;

/** Prints one answer, as `parseLockAnswer` reads it, and the record of the holder that was met, if any. */
export const lockScript = `
umask 077
read -r action; read -r lock; read -r token; read -r record
boot=$(cat /proc/sys/kernel/random/boot_id)
read -r now rest </proc/uptime && now=\${now%%.*}
htoken= hboot= hbeat=0 hrecord=
mkdir -p "\${lock%/*}" && exec 9>>"$lock.guard" || exit 73
flock -w 10 9 || exit 75
if [ -f "$lock" ]; then
  { read -r htoken; read -r hboot; read -r hbeat; read -r hrecord; } <"$lock"
fi
say() { printf '%s\\n%s\\n' "$1" "$hrecord"; exit 0; }
take() {
  printf '%s\\n' "$token" "$boot" "$now" "$record" >"$lock.new" && mv -f "$lock.new" "$lock" || exit 73
  say "$1"
}
if [ "$action" = release ]; then
  if [ "$htoken" = "$token" ]; then rm -f "$lock" || exit 73; fi
  say free
fi
if [ -z "$htoken" ] || [ "$htoken" = "$token" ]; then take taken; fi
silent=$((now - hbeat))
if [ "$hboot" != "$boot" ]; then silent=${leaseSeconds}; fi
if [ "$action" = acquire ] && [ "$silent" -ge ${leaseSeconds} ]; then take stolen; fi
if [ "$action" = "seize $htoken" ]; then take stolen; fi
say "held $silent"
`;

export type LockAnswer =
  | { readonly kind: 'taken' | 'free' }
  /** A silent holder's lock was taken over. */
  | { readonly kind: 'stolen'; readonly record: string }
  /** `silentSeconds` since the holder's last sign of life. */
  | { readonly kind: 'held'; readonly silentSeconds: number; readonly record: string };

/** undefined: none of the script's answers. */
export function parseLockAnswer(stdout: string): LockAnswer | undefined {
  const [answer = '', record = ''] = stdout.split('\n');
  if (answer === 'taken' || answer === 'free') return { kind: answer };
  if (answer === 'stolen') return { kind: answer, record };
  const held = /^held (-?\d+)$/.exec(answer);
  return held ? { kind: 'held', silentSeconds: Number(held[1]), record } : undefined;
}
