# apt-install.sh PACKAGE…: installs Debian packages for their programs, without starting their services, now or at
# the next boot. Root.
set -eu
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  trap 'exit 130' INT TERM
  printf '#!/bin/sh\nexit 101\n' > "$policy"
  chmod 0755 "$policy"
fi
export DEBIAN_FRONTEND=noninteractive
apt-get -qq update
apt-get -qq install --yes --no-install-recommends "$@"
[ -d /run/systemd/system ] || exit 0
for package in "$@"; do
  case $package in
    redis-server) systemctl disable --quiet redis-server.service ;;
    openssh-server) systemctl disable --quiet ssh.service ssh.socket ;;
  esac
done
