# boot.sh MACHINE ROOT BRIDGE HOSTNAME: runs the host, also through its reboots, until it is powered off.
set -u
# Each host in a control group of its own: nspawn would put all of them into the same one, where stopping a unit
# of one host kills the processes of the same unit on the others.
boot() (
  for tree in /sys/fs/cgroup /sys/fs/cgroup/unified /sys/fs/cgroup/systemd; do
    if [ -e "$tree/cgroup.procs" ]; then
      mkdir -p "$tree/$1" && echo 0 > "$tree/$1/cgroup.procs" || exit 1
    fi
  done
  exec systemd-nspawn --quiet --boot --machine="$1" --directory="$2" --network-bridge="$3" --hostname="$4" \
    --register=no --keep-unit --resolv-conf=off --timezone=off --link-journal=no
)
# As a Debian server has them, also where this machine still has the older ones.
export SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1
# 133 is nspawn's way to say that the host wants to be started again.
while boot "$@"; [ $? -eq 133 ]; do :; done
