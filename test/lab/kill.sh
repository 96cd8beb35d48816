# kill.sh MACHINE: pulls the plug. Init first, which takes all of the host with it at once.
set -u
members() {
  find "/sys/fs/cgroup/$1" "/sys/fs/cgroup/unified/$1" "/sys/fs/cgroup/systemd/$1" \
    -path "$2" -exec cat {} + 2> /dev/null
  return 0 # whichever of the trees there are
}
tries=0
while pids=$(members "$1" '*/cgroup.procs') && [ -n "$pids" ]; do
  [ $((tries += 1)) -le 200 ] || { echo "$1: processes that cannot be killed: $pids" >&2; exit 1; }
  # shellcheck disable=SC2046 # one argument a process
  kill -9 $(members "$1" '*/init.scope/cgroup.procs') 2> /dev/null
  # shellcheck disable=SC2086
  kill -9 $pids 2> /dev/null
  sleep 0.05
done
# What newer versions of nspawn mount for the host, and refuse to find there when it boots again.
exported=/run/systemd/nspawn/unix-export/$1
if mountpoint -q "$exported"; then
  umount "$exported" && rmdir "$exported"
fi
