import { shQuote } from '../../base/sh.ts';

/**
 * The lock on one host: a file of four lines (token, boot id, last sign of life in seconds since boot, the
 * holder's record as one line of JSON), changed only under flock(1) on a guard file next to it. A second
 * file, on disk, counts the acquisitions and names the last one (`COUNT TOKEN`): it outlives the lock's
 * release and a reboot.
 *
 * A lease rather than a held process: no process stays behind on a host, and a holder whose laptop, network
 * or process is gone is noticed by its silence alone. Time is the host's own /proc/uptime, which counts a
 * suspend and which no clock change moves; another boot id means that the holder's lock did not outlive the
 * reboot.
 */

/** A lock is given up after this many seconds without a sign of life. */
export const leaseSeconds = 25;
/** Seconds between two signs of life. */
export const beatSeconds = 5;

/** Where one host keeps the lock (gone after a reboot) and the counter (on disk). */
export type LockPaths = { readonly lock: string; readonly counter: string };

export type LockAction =
  | 'acquire'
  /**
   * Keeps a lock that is still there. A lock that is gone is taken again only when the host was rebooted
   * since and the counter says that nobody else has had it.
   */
  | 'beat'
  | 'release'
  /** Releases it and removes every file of the lock. */
  | 'remove'
  /** Takes the lock from the holder of this token, whose process is known to be gone. */
  | `seize ${string}`;

export type LockInput = {
  readonly paths: LockPaths;
  readonly token: string;
  /** The boot id that the acquisition answered; '' before it. */
  readonly boot: string;
  readonly record: string;
};

/**
 * sh that ends with 1 where a sign of life cannot be one of this boot: not one number of seconds, or later
 * than `now`.
 */
export const isBeatFunction = `
is_beat() {
  case $1 in '' | *[!0-9]* | 0?* | ??????????????*) return 1 ;; esac
  [ "$1" -le "$now" ]
}`;

/** stdin of `lockScript`. */
export const lockInput = (action: LockAction, { paths, token, boot, record }: LockInput): string =>
  `${[action, paths.lock, paths.counter, token, boot, record].join('\n')}\n`;

/** Prints one answer, as `parseLockAnswer` reads it, and the record of the holder that was met, if any. */
export const lockScript = `${isBeatFunction}
umask 077
read -r action; read -r lock; read -r counter; read -r token; read -r known; read -r record
boot=$(cat /proc/sys/kernel/random/boot_id)
read -r now rest </proc/uptime && now=\${now%%.*}
htoken= hboot= hbeat=0 hrecord= count=0 last=
mkdir -p "\${lock%/*}" || exit 73
# Who waited for a guard file that was removed meanwhile has locked nothing.
until [ "$lock.guard" -ef /proc/self/fd/9 ]; do
  exec 9>>"$lock.guard" || exit 73
  flock -w 10 9 || exit 75
done
if [ -f "$lock" ]; then
  { read -r htoken; read -r hboot; read -r hbeat; read -r hrecord; } <"$lock"
fi
if [ -f "$counter" ]; then read -r count last <"$counter"; fi
case $count in '' | *[!0-9]*) count=0 last= ;; esac
# A file would be moved into a folder, and every command would have taken the lock.
[ ! -d "$lock" ] || { echo damaged; exit 0; }
say() { printf '%s\\n%s\\n' "$1" "$hrecord"; exit 0; }
keep() {
  printf '%s\\n' "$token" "$boot" "$now" "$record" >"$lock.new" && mv -f "$lock.new" "$lock" || exit 73
  say "$1 $count $boot"
}
# The folder above the cluster's own is that of the nodes' data as well.
write_counter() {
  folder=\${counter%/*}
  (umask 022; mkdir -p "\${folder%/*}") && mkdir -p "$folder" || return
  printf '%s %s\\n' "$count" "$token" >"$counter.new" || return
  sync "$counter.new" 2>/dev/null || sync
  mv -f "$counter.new" "$counter"
}
# On a full disk no counter at all is safe: without it nothing is taken again after a reboot.
take() {
  count=$((count + 1))
  write_counter || rm -f "$counter" "$counter.new" || [ ! -e "$counter" ] || exit 73
  keep "$1"
}
if [ "$action" = release ] || [ "$action" = remove ]; then
  if [ "$htoken" = "$token" ]; then
    rm -f "$lock" || exit 73
    if [ "$action" = remove ]; then
      rm -f "$lock.new" "$counter" "$counter.new" "$lock.guard"
      # Another cluster's files are in the folders that do not go.
      rmdir "\${counter%/*}" "\${lock%/*}" 2>/dev/null
    fi
  fi
  say free
fi
if [ "$action" = beat ]; then
  if [ "$htoken" = "$token" ]; then keep taken; fi
  if [ -n "$htoken" ]; then say 'held 0'; fi
  if [ "$boot" != "$known" ] && [ "$last" = "$token" ]; then keep taken; fi
  say gone
fi
if [ -z "$htoken" ] || [ "$htoken" = "$token" ]; then take taken; fi
if [ "$hboot" != "$boot" ]; then silent=${leaseSeconds}
elif is_beat "$hbeat"; then silent=$((now - hbeat))
else say damaged; fi
if [ "$action" = acquire ] && [ "$silent" -ge ${leaseSeconds} ]; then take stolen; fi
if [ "$action" = "seize $htoken" ]; then take stolen; fi
say "held $silent"
`;

/** What the host says to a holder: how often the lock was acquired there, and the host's boot. */
export type Grant = { readonly count: number; readonly boot: string };

export type LockAnswer =
  | ({ readonly kind: 'taken' } & Grant)
  | { readonly kind: 'free' }
  /** A silent holder's lock was taken over. */
  | ({ readonly kind: 'stolen'; readonly record: string } & Grant)
  /** To a sign of life: the lock is not there any more, and somebody else may have had it. */
  | { readonly kind: 'gone' }
  /** It is not a lock that this script wrote: a folder, or a file whose sign of life is not one. */
  | { readonly kind: 'damaged' }
  /** `silentSeconds` since the holder's last sign of life. */
  | { readonly kind: 'held'; readonly silentSeconds: number; readonly record: string };

/** undefined: none of the script's answers. */
export function parseLockAnswer(stdout: string): LockAnswer | undefined {
  const [answer = '', record = ''] = stdout.split('\n');
  if (answer === 'free' || answer === 'gone' || answer === 'damaged') return { kind: answer };
  const [, kind, count, boot = ''] = /^(taken|stolen) (\d+) (\S+)$/.exec(answer) ?? [];
  if (kind === 'taken') return { kind, count: Number(count), boot };
  if (kind === 'stolen') return { kind, count: Number(count), boot, record };
  const held = /^held (\d+)$/.exec(answer);
  return held ? { kind: 'held', silentSeconds: Number(held[1]), record } : undefined;
}

/**
 * A sh command that succeeds while this token holds the lock and its lease is not over: a script that a
 * stopped process had begun to send arrives when it continues, and another may hold the other hosts by then.
 * The guard file is opened for reading only: where it is not there, neither is the lock.
 */
export function holdsLockCommand({ lock }: Pick<LockPaths, 'lock'>, token: string): string {
  const isHeld = `flock -w 10 9 && { read -r holder; read -r boot; read -r beat; } <${shQuote(lock)} && [ "$holder" = ${shQuote(token)} ]`;
  const isFresh = `read -r now rest </proc/uptime && [ $((\${now%%.*} - beat)) -lt ${leaseSeconds} ]`;
  return `{ ${isHeld} && ${isFresh}; } 9<${shQuote(`${lock}.guard`)}`;
}
