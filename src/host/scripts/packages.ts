import type { PackageManager } from '../step.ts';
import { shWords } from '../sh.ts';

/** Another run of the package manager is waited for this long. */
const lockSeconds = 120;

/** sh that asks the repositories what there is. */
export function refreshScript(manager: PackageManager): string {
  switch (manager) {
    case 'apt':
      return `${aptEnvironment}
apt-get -q -o DPkg::Lock::Timeout=${lockSeconds} update`;
    case 'dnf':
      return 'dnf -q -y makecache';
    case 'zypper':
      return `${zypperLock}
zypper --non-interactive refresh`;
  }
}

/** sh that installs packages without a question. An installation that was cut off before is completed first. */
export function installScript(manager: PackageManager, packages: readonly string[]): string {
  const words = shWords(packages);
  switch (manager) {
    case 'apt':
      return `${aptEnvironment}
install() {
  apt-get -q -y -o DPkg::Lock::Timeout=${lockSeconds} -o Dpkg::Options::=--force-confold \\
    --no-install-recommends install ${words}
}
# dpkg keeps its unfinished business here and lets apt do nothing before it is done.
if [ -n "$(ls -A /var/lib/dpkg/updates 2>/dev/null)" ] && ! install; then
  dpkg --force-confold --configure -a
fi
install`;
    case 'dnf':
      return `dnf -q -y install ${words}`;
    case 'zypper':
      return `${zypperLock}
zypper --non-interactive install --no-recommends ${words}`;
  }
}

const aptEnvironment = 'export DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1';
const zypperLock = `export ZYPP_LOCK_TIMEOUT=${lockSeconds}`;
