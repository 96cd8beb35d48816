import { shQuote } from '../../base/sh.ts';

/** How much of a log's end is read, bytes. */
const logBytes = 16_384;

/**
 * sh that defines `as_server COMMAND…`: runs it as the service user, which is how root looks at whatever that
 * user could have replaced by a link. Without a service user, or where the steps do not run as root, it runs
 * as the user who runs the script. Fails (exit 126) where root cannot change to the service user: that is
 * never an answer.
 */
export function asServiceUser(user: string | undefined): string {
  if (user === undefined) return 'as_server() { "$@"; }';
  const name = shQuote(user);
  return `as_server() {
  if [ "$(id -u)" != 0 ]; then "$@"
  elif command -v setpriv >/dev/null; then setpriv --reuid=${name} --regid="$(id -g ${name})" --init-groups -- "$@"
  elif command -v runuser >/dev/null; then runuser -u ${name} -- "$@"
  else return 126; fi
}`;
}

/**
 * As `asServiceUser`, and defines `soon COMMAND…`: as that user and not for longer than `seconds`, since the
 * user may have put a pipe in the place of any file. `orAnyone`: a user that does not exist cannot have put a
 * link there, so the user who runs the script reads the files; without it, nothing is read where there is no
 * service user.
 */
export function soonAsServiceUser(
  user: string | undefined,
  { seconds, orAnyone = false }: { readonly seconds: number; readonly orAnyone?: boolean },
): string {
  const anyone =
    orAnyone && user !== undefined ? `id -u ${shQuote(user)} >/dev/null 2>&1 || as_server() { "$@"; }\n` : '';
  return `${asServiceUser(user)}
${anyone}soon() { as_server timeout ${seconds} "$@"; }`;
}

/**
 * sh that defines `end_of_log FILE`: prints the last 20 lines as the service user reads them. Bounded in
 * bytes and time, and a link, pipe or device in the log's place is not followed: what it leads to is nothing
 * to show.
 */
export const endOfLog = (user: string | undefined): string => `${asServiceUser(user)}
end_of_log() {
  skip=$(($(as_server stat -c %s -- "$1") - ${logBytes}))
  as_server timeout 5 dd if="$1" iflag=nofollow,nonblock,skip_bytes,count_bytes bs=${logBytes} \\
    skip=$((skip > 0 ? skip : 0)) count=${logBytes} 2>/dev/null | tail -n 20
}`;
