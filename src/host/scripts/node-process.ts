/**
 * sh functions that tell a node's process by its working directory: a server changes into `dir` when it
 * starts. Folders are compared by device and inode, so that it does not matter by which name anybody came
 * there; a folder that was removed has only the name that it had.
 *
 * - `alive PID`: the process is there and no zombie.
 * - `belongs PID DIR`: its working directory is DIR; or it was, DIR was removed, and the process belongs to
 *   the user who runs this: in a mount namespace of its own, any user can have a folder of that name.
 * - `servers`: the pids of all servers.
 * - `named PIDFILE DIR`: the pid file names this node's process, and `pid` is set; a process that merely has
 *   the pid of an old file has another working directory.
 * - `running PIDFILE DIR`: as `named`, and also found where the pid file was lost. Not its children: a server
 *   that saves has one in the same folder, which does not listen and may outlive it.
 * - `end_children DIR`: kills what a server that was killed has left in its folder, known by the titles that
 *   Redis gives its children. A child keeps the server's connections of the cluster bus open, so that other
 *   nodes send into the void, and puts its snapshot in the place of a newer one when it ends.
 */
export const nodeProcessFunctions = `
alive() {
  { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
  case \${stat##*) } in '' | Z* | X*) return 1 ;; esac
}
belongs() {
  if [ "/proc/$1/cwd" -ef "$2" ]; then return; fi
  [ -O "/proc/$1" ] || return 1
  cwd=$(readlink "/proc/$1/cwd" 2>/dev/null)
  case $cwd in
    "$2 (deleted)") return ;;
    *' (deleted)') [ "$cwd" = "$(readlink -m -- "$2" 2>/dev/null) (deleted)" ] && return ;;
  esac
  return 1
}
servers() {
  grep -lxE '(redis|valkey)-server' /proc/[0-9]*/comm 2>/dev/null | sed 's,^/proc/,,; s,/comm$,,'
}
named() {
  pid=
  { read -r pid <"$1"; } 2>/dev/null
  [ -n "$pid" ] && alive "$pid" && belongs "$pid" "$2"
}
listens() {
  inodes=$(find "/proc/$1/fd" -lname 'socket:*' -printf '%l\\n' 2>/dev/null | tr -cd '0-9\\n')
  [ -n "$inodes" ] &&
    cat "/proc/$1/net/tcp" "/proc/$1/net/tcp6" 2>/dev/null | awk '$4 == "0A" { print $10 }' | grep -qxF -e "$inodes"
}
running() {
  if named "$1" "$2"; then return; fi
  for pid in $(servers); do
    if alive "$pid" && belongs "$pid" "$2" && listens "$pid"; then return; fi
  done
  pid=
  return 1
}
end_children() {
  for child in $(servers); do
    case $(tr '\\0' ' ' <"/proc/$child/cmdline" 2>/dev/null) in
    *'-rdb-bgsave '* | *'-aof-rewrite '* | *'-rdb-to-slaves '*) ;;
    *) continue ;;
    esac
    belongs "$child" "$1" || continue
    kill -KILL "$child" 2>/dev/null || :
    while alive "$child"; do sleep 0.05; done
  done
}`;
