import { packageNames } from '../packages.ts';
import type { ServerFacts } from '../facts.ts';
import { shQuote, shWords } from '../sh.ts';
import type { Fact, FactsContext } from './fact.ts';
import { fieldsOf } from './lines.ts';

/** The server that is installed, and the one that the package manager would install. */
export const server: Fact<ServerFacts> = {
  script: (context) => `
PATH=$PATH:/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin
if path=$(command -v ${context.server}-server); then
  printf 'path=%s\\nversion=%s\\n' "$path" "$("$path" --version 2>&1)"
fi
${userScript(context)}
if [ -z "$path" ] || ${context.askPackages}; then ${candidateScript(context)}; fi
`,
  parse: (output) => {
    const { path, version, user, candidate } = fieldsOf(output);
    return {
      installed: path && version ? { path, version: serverVersion(version) } : undefined,
      available: upstreamVersion(candidate ?? ''),
      userExists: user === 'yes',
    };
  },
};

const userScript = ({ serviceUser }: FactsContext): string =>
  serviceUser === undefined
    ? 'echo user=yes'
    : `if id -u ${shQuote(serviceUser)} >/dev/null 2>&1; then echo user=yes; fi`;

function candidateScript({ server: name }: FactsContext): string {
  const query = (manager: 'apt' | 'dnf' | 'zypper'): string =>
    shWords(packageNames(manager, name).slice(0, 1));
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
