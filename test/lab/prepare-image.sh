# prepare-image.sh ROOT: what every lab host has, whatever its name and address. Run once an image.
set -eu
root=$1
# Each host makes or gets its own.
rm -f "$root"/etc/ssh/ssh_host_* "$root/etc/hostname"
chroot "$root" useradd --create-home --shell /bin/bash deploy
chroot "$root" useradd --create-home --shell /bin/bash deploypw
cat > "$root/etc/sudoers.d/lab" <<'SUDO'
deploy ALL=(ALL:ALL) NOPASSWD: ALL
deploypw ALL=(ALL:ALL) ALL
SUDO
chmod 0440 "$root/etc/sudoers.d/lab"
chroot "$root" systemctl enable --quiet systemd-networkd.service
# Nobody sits at the console, and background updates would hold dpkg's lock at random moments.
chroot "$root" systemctl mask --quiet console-getty.service getty.target \
  apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer
for unit in redis-server valkey-server; do
  chroot "$root" systemctl disable --quiet "$unit.service" 2> /dev/null || true
done
