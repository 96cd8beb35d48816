import { packageNames } from '../packages.ts';
import type { ServerFacts } from '../facts.ts';
import type { PackageManager } from '../facts.ts';
import { shQuote, shWords } from '../../base/sh.ts';
import type { Fact, FactsContext } from './fact.ts';
import { fieldsOf, numberOf } from './lines.ts';

/** The server that is installed, and the one that the package manager would install. */
export const server: Fact<ServerFacts> = {
  script: (context) => `
PATH=$PATH:/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin
if path=$(command -v ${context.server}-server); then
  printf 'path=%s\\nversion=%s\\n' "$path" "$("$path" --version 2>&1)"
  printf 'status=%s\\n' "$(dpkg-query -W -f '\${db:Status-Status}' ${packageOf('apt', context)} 2>/dev/null)"
  ${context.serviceUser === undefined ? ':' : notifiesScript}
fi
${userScript(context)}
if [ -z "$path" ] || ${context.askPackages}; then ${candidateScript(context)}; fi
`,
  parse: (output, { serviceUser }) => {
    const { path, version, status, uid, gid, candidate, notifies } = fieldsOf(output);
    return {
      installed: path && version ? { path, version: serverVersion(version) } : undefined,
      available: upstreamVersion(candidate ?? ''),
      unfinished: unfinished.has(status ?? ''),
      account: serviceUser === undefined ? undefined : { uid: numberOf(uid), gid: numberOf(gid) },
      ...(notifies && { notifies: notifies === 'yes' }),
    };
  },
};

/**
 * What the loader would load for the server. A script, or a server that is linked statically, has no such
 * list, and what it does is seen when it starts.
 */
const notifiesScript = `libraries=$(ldd "$path" 2>/dev/null)
  case $libraries in
  *libsystemd.so*) echo notifies=yes ;;
  *' => '*) echo notifies=no ;;
  esac`;

/**
 * getent(1) asks what the host's users come from, files or a directory service; without it there are only
 * files.
 */
const userScript = ({ serviceUser }: FactsContext): string =>
  serviceUser === undefined
    ? ''
    : `printf 'uid=%s\\n' "$(id -u ${shQuote(serviceUser)} 2>/dev/null)"
groups=$(getent group ${shQuote(serviceUser)} 2>/dev/null || grep ${shQuote(`^${serviceUser}:`)} /etc/group)
printf 'gid=%s\\n' "$(printf '%s\\n' "$groups" | head -n 1 | cut -d : -f 3)"`;

/** dpkg-query(1): unpacked, and not or not wholly configured. */
const unfinished: ReadonlySet<string> = new Set([
  'half-installed',
  'unpacked',
  'half-configured',
  'triggers-awaited',
]);

const packageOf = (manager: PackageManager, { server: name }: FactsContext): string =>
  shWords(packageNames(manager, name).slice(0, 1));

function candidateScript(context: FactsContext): string {
  const query = (manager: PackageManager): string => packageOf(manager, context);
  return `
  if command -v apt-get >/dev/null; then
    printf 'candidate=%s\\n' "$(apt-cache policy ${query('apt')} | sed -n 's/^ *Candidate: *//p')"
  elif command -v dnf >/dev/null; then
    printf 'candidate=%s\\n' "$(dnf -q repoquery --latest-limit=1 --qf '%{version}
' ${query('dnf')} 2>/dev/null | head -n 1)"
  elif command -v zypper >/dev/null; then
    printf 'candidate=%s\\n' "$(zypper --non-interactive --no-refresh info ${query('zypper')} |
      sed -n 's/^Version *: *//p')"
  fi`;
}

/** `Redis server v=7.0.15 sha=…`, `Valkey server v=8.1.1 …`. */
function serverVersion(text: string): string {
  const version = /\bv=(\d+(?:\.\d+)*)/.exec(text)?.[1];
  if (version === undefined) throw new Error(`no version in ${JSON.stringify(text.slice(0, 200))}`);
  return version;
}

/** `5:7.0.15-1~deb12u4` is 7.0.15 upstream: without epoch, revision and the distribution's additions. */
const upstreamVersion = (version: string): string | undefined =>
  /^(?:\d+:)?(\d+(?:\.\d+)*)/.exec(version.trim())?.[1];
