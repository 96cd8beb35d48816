# network-up.sh ID: the lab's bridge at 10.77.N.1/24 with a way out for packages. N is the number in ID.
set -eu
id=$1 network=10.77.${1#wlab}
exec 9> /run/weedgo-lab.lock
flock 9
# The id is ours by now: a thing of this name belongs to nobody.
ip link del "$id" 2> /dev/null || true
nft delete table ip "$id" 2> /dev/null || true
# With a fixed address of its own the bridge does not change it when a host comes or goes, which hosts would
# notice as a gateway that is silent until their ARP entry expires.
ip link add "$id" address "$(printf '02:77:00:00:00:%02x' "${id#wlab}")" type bridge
ip addr add "$network.1/24" dev "$id"
ip link set "$id" up
nft -f - <<NFT
table ip $id {
  chain postrouting {
    type nat hook postrouting priority srcnat;
    ip saddr $network.0/24 oifname != "$id" masquerade
  }
}
NFT
if [ "$(cat /proc/sys/net/ipv4/ip_forward)" = 0 ]; then
  : > /run/weedgo-lab.forward-was-off
  echo 1 > /proc/sys/net/ipv4/ip_forward
fi
