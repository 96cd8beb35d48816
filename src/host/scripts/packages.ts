import type { PackageManager } from '../facts.ts';
import { shWords } from '../../base/sh.ts';

/** Another run of the package manager is waited for this long: on a fresh machine updates run for minutes. */
const lockSeconds = 600;

/**
 * sh that asks the repositories what there is. A repository that does not respond is no failure as long as
 * the packages are known: what counts is that they can be installed.
 */
export function refreshScript(manager: PackageManager, packages: readonly string[]): string {
  switch (manager) {
    case 'apt':
      return `${aptEnvironment}
${awaitAptScript}
refresh() { apt-get -q -o DPkg::Lock::Timeout=${lockSeconds} update; }
await_apt /var/lib/apt/lists/lock
refresh || { await_apt /var/lib/apt/lists/lock && refresh; } || {
  code=$?
  for name in ${shWords(packages)}; do
    apt-cache policy "$name" | grep -q '^ *Candidate: [0-9]' || exit $code
  done
}`;
    case 'dnf':
      // With -q it would not tell for whose lock it waits (dnf/lock.py of 4.x).
      return `dnf -y makecache || {
  code=$?
  for name in ${shWords(packages)}; do [ -n "$(dnf -q repoquery "$name" 2>/dev/null)" ] || exit $code; done
}`;
    case 'zypper':
      return `${zypperLock}
${awaitZypperScript}
zypper --non-interactive refresh || {
  code=$?
  for name in ${shWords(packages)}; do
    zypper --non-interactive --no-refresh info "$name" | grep -q '^Version' || exit $code
  done
}`;
  }
}

/**
 * sh that installs packages without a question. An installation that was cut off before is completed first.
 * What the package manager ends with is not what counts: an error of another package's is no failure, and
 * success without the packages is one.
 */
export function installScript(manager: PackageManager, packages: readonly string[]): string {
  const words = shWords(packages);
  switch (manager) {
    case 'apt':
      return `${aptEnvironment}
${awaitAptScript}
install() {
  apt-get -q -y -o DPkg::Lock::Timeout=${lockSeconds} -o Dpkg::Options::=--force-confold \\
    --no-install-recommends install ${words}
}
await_apt /var/cache/apt/archives/lock
# dpkg keeps its unfinished business here and lets apt do nothing before it is done.
if [ -n "$(ls -A /var/lib/dpkg/updates 2>/dev/null)" ] && ! install; then
  dpkg --force-confold --configure -a
fi
code=0
install || { await_apt /var/cache/apt/archives/lock && install; } || code=$?
${demandInstalled(words, `[ "$(dpkg-query -W -f '\${db:Status-Status}' "$name" 2>/dev/null)" = installed ]`)}`;
    case 'dnf':
      return `code=0
dnf -y install ${words} || code=$?
${demandInstalled(words, 'rpm -q --whatprovides "$name" >/dev/null')}`;
    case 'zypper':
      return `${zypperLock}
${awaitZypperScript}
code=0
zypper --non-interactive install --no-recommends ${words} || code=$?
${demandInstalled(words, 'rpm -q --whatprovides "$name" >/dev/null')}`;
  }
}

const demandInstalled = (words: string, isInstalled: string): string => `for name in ${words}; do
  if ! ${isInstalled}; then
    printf '%s is not installed\\n' "$name"
    [ $code != 0 ] || code=1
    exit $code
  fi
done`;

/**
 * apt waits by itself for dpkg's lock alone, not for those of its lists and its archive. `await_apt FILE`
 * waits as long as another process has the file open, and tells which.
 */
const awaitAptScript = `await_apt() {
  tries=0
  while holder=$(find /proc/[0-9]*/fd -lname "$1" 2>/dev/null | head -n 1) && [ -n "$holder" ]; do
    pid=\${holder#/proc/}
    pid=\${pid%%/*}
    who="$1 is held by process $pid ($(cat "/proc/$pid/comm" 2>/dev/null))"
    tries=$((tries + 1))
    if [ $tries -gt ${lockSeconds} ]; then
      printf '%s\\n' "$who"
      return 1
    fi
    printf '\\n%s waiting %s\\n' "$marker" "$who"
    sleep 1
  done
}`;

/**
 * zypper waits by itself for its own lock, without a word, and not at all for that of the rpm it starts. Each
 * file holds the id of a process, which counts as long as that is alive (libzypp, ZyppLock.cc).
 */
const awaitZypperScript = `tries=0
while [ $tries -lt ${lockSeconds} ]; do
  holder=
  for file in /run/zypp.pid /run/zypp-rpm.pid; do
    pid=$(tr -dc 0-9 <"$file" 2>/dev/null) && [ -n "$pid" ] || continue
    [ -z "$(tr -d '\\0' <"/proc/$pid/cmdline" 2>/dev/null)" ] ||
      holder="$file is held by process $pid ($(cat "/proc/$pid/comm" 2>/dev/null))"
  done
  [ -n "$holder" ] || break
  printf '\\n%s waiting %s\\n' "$marker" "$holder"
  tries=$((tries + 1))
  sleep 1
done`;

const aptEnvironment = 'export DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1';
const zypperLock = `export ZYPP_LOCK_TIMEOUT=${lockSeconds}`;
