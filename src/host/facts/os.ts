import type { OsFacts } from '../facts.ts';
import type { PackageManager } from '../facts.ts';
import type { Fact } from './fact.ts';
import { fieldsOf } from './lines.ts';

/** Distribution, package manager and init system (os-release(5), sd_booted(3)). */
export const os: Fact<OsFacts> = {
  script: () => `
cat /etc/os-release 2>/dev/null || cat /usr/lib/os-release
printf 'kernel=%s\\n' "$(uname -r)"
[ ! -d /run/systemd/system ] || printf 'systemd=yes\\n'
for manager in apt-get dnf zypper; do
  if command -v "$manager" >/dev/null; then printf 'manager=%s\\n' "$manager"; break; fi
done
[ ! -r /sys/fs/selinux/enforce ] || printf 'selinux=%s\\n' "$(cat /sys/fs/selinux/enforce)"
`,
  parse: (output) => {
    const fields = fieldsOf(output);
    const id = unquote(fields.ID ?? '');
    return {
      id,
      versionId: unquote(fields.VERSION_ID ?? ''),
      prettyName: unquote(fields.PRETTY_NAME ?? '') || id || 'unknown Linux',
      packageManager: managers[fields.manager ?? ''],
      systemd: fields.systemd === 'yes',
      kernel: fields.kernel ?? '',
      selinuxEnforcing: fields.selinux === '1',
    };
  },
};

const managers: Readonly<Record<string, PackageManager>> = { 'apt-get': 'apt', dnf: 'dnf', zypper: 'zypper' };

/** os-release values are quoted as shell assignments are. */
function unquote(value: string): string {
  const text = value.trim();
  const [quote] = text;
  if (quote === "'" && text.endsWith("'")) return text.slice(1, -1);
  const inner = quote === '"' && text.endsWith('"') ? text.slice(1, -1) : text;
  return inner.replaceAll(/\\([\\"$`])/g, '$1');
}
