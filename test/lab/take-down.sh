# take-down.sh ID OWNER: removes all that the lab made, in whatever state it is; nothing if the id has changed hands.
set -u
id=$1 owner=$2 dir=/var/tmp/$1 here=$(dirname "$0")
exec 9> /run/weedgo-lab.lock
flock 9
[ "$(cat "$dir/owner" 2> /dev/null)" = "$owner" ] || exit 0
trees="/sys/fs/cgroup /sys/fs/cgroup/unified /sys/fs/cgroup/systemd"
for host in "$dir"/host-*; do
  [ -d "$host" ] || continue
  machine=$id-${host##*/host-}
  sh "$here/kill.sh" "$machine" || exit 1
  for tree in $trees; do
    [ ! -d "$tree/$machine" ] || find "$tree/$machine" -depth -type d -exec rmdir {} \;
  done
  if mountpoint -q "$host/root"; then
    umount "$host/root" || umount --lazy "$host/root"
  fi
done
ip link del "$id" 2> /dev/null
nft delete table ip "$id" 2> /dev/null
rm -rf --one-file-system "$dir" || exit 1
if [ -e /run/weedgo-lab.forward-was-off ] && ! ls -d /var/tmp/wlab[0-9]* > /dev/null 2>&1; then
  echo 0 > /proc/sys/net/ipv4/ip_forward
  rm /run/weedgo-lab.forward-was-off
fi
exit 0
