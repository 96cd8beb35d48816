import { shQuote } from '../../base/sh.ts';
import type { DirectorySpec } from '../step.ts';

/**
 * sh functions with which a step makes sure where it works, before it changes anything there:
 *
 * - `no_strange_link PATH`: fails where PATH is a symbolic link of anyone but root and this user.
 * - `enter DIR`: goes there, and fails unless the name still leads to where it came. From then on `.` is
 *   worked on.
 * - `trusted DIR…`: fails where another user than root could put something else in the place of a DIR or of a
 *   folder above it: a folder or link that is not root's, or a folder that everybody or the service group may
 *   write to. It is asked for the path without links and for the path by which the step came there: either
 *   could be another user's. A step without an owner is one of a user's own files, and any folder will do.
 */
export const placeFunctions = ({ owner, group }: Pick<DirectorySpec, 'owner' | 'group'>): string => `
no_strange_link() {
  [ -L "$1" ] || return 0
  case $(stat -c %u -- "$1") in 0 | "$(id -u)") return 0 ;; esac
  printf '%s is a symbolic link that %s made: it is not followed\\n' "$1" "$(stat -c %U -- "$1")"
  exit 1
}
enter() {
  cd -P -- "$1"
  [ . -ef "$1" ] || { printf '%s was replaced meanwhile\\n' "$1"; exit 1; }
}
trusted() {
${owner === undefined ? '  return 0' : trustedBody(group ?? owner)}
}`;

const trustedBody = (
  group: string,
): string => `  gid=$({ getent group ${shQuote(group)} || grep ${shQuote(`^${group}:`)} /etc/group; } 2>/dev/null | head -n 1 | cut -d : -f 3)
  for dir; do
    above=$dir
    set -- /
    while [ -n "$above" ]; do set -- "$@" "$above"; above=\${above%/*}; done
    open=$(find "$@" -maxdepth 0 \\( ! -user 0 -o ! -type l \\( -perm -0002 ! -perm -1000 -o -perm -0020 -group "\${gid:-0}" ! -group 0 \\) \\))
    [ -z "$open" ] || {
      printf '%s can be changed by others than root: nothing is done below it as root\\n' $open
      exit 1
    }
  done`;
