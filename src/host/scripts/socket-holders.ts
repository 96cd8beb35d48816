/**
 * sh function `holders INODES FOLDER…`: prints `owner PID INODE` for each of the sockets (inodes, between
 * spaces) that a process has open in one of these `/proc/PID/fd`, and `name PID NAME` for these processes.
 * Nothing is read from what ls prints: any user can open a file whose name reads like a socket, or like
 * several lines. A link whose whole target is `socket:[INODE]` is a socket, since the kernel lets no file's
 * path begin like that.
 */
export const holdersFunction = `holders() (
  set -f
  tests=
  for inode in $1; do tests="$tests -o -lname socket:\\\\[$inode]"; done
  shift
  found=$(find "$@" -maxdepth 1 \\( -false $tests \\) -printf '%h %l\\n' 2>/dev/null |
    sed -n 's,^/proc/\\([0-9]*\\)/fd socket:\\[\\([0-9]*\\)\\]$,owner \\1 \\2,p' | sort -u)
  [ -n "$found" ] || return 0
  printf '%s\\n' "$found"
  for pid in $(printf '%s\\n' "$found" | cut -d ' ' -f 2 | sort -u); do
    { IFS= read -r name <"/proc/$pid/comm"; } 2>/dev/null && printf 'name %s %s\\n' "$pid" "$name"
  done
  :
)`;

export type SocketHolder = { readonly pid: number; readonly process: string | undefined };

/**
 * What `holders` printed, by inode. Of several processes that have a socket open, the one with the lowest pid
 * made it.
 */
export function parseHolders(lines: readonly string[]): ReadonlyMap<string, SocketHolder> {
  const names = new Map(
    lines.flatMap((line) => {
      const [, pid, name] = /^name (\d+) (.*)$/.exec(line) ?? [];
      return pid === undefined ? [] : [[Number(pid), name] as const];
    }),
  );
  const owners = lines.flatMap((line) => {
    const [, pid, inode] = /^owner (\d+) (\d+)$/.exec(line) ?? [];
    return pid === undefined || inode === undefined ? [] : [{ pid: Number(pid), inode }];
  });
  return new Map(
    owners
      .toSorted((one, other) => other.pid - one.pid)
      .map(({ pid, inode }) => [inode, { pid, process: names.get(pid) }]),
  );
}
