import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { PackageSources } from './packages.ts';
import { run } from './run.ts';

/** What a Debian host has on it before anybody touches it. */
const basePackages = [
  'ca-certificates',
  'dbus',
  'iproute2',
  'nftables',
  'openssh-server',
  'procps',
  'sudo',
  'systemd',
  'systemd-sysv',
];

export type Suite = 'bullseye' | 'bookworm' | 'trixie';

/**
 * Folder of a base image with `packages` on top of a bare Debian; made on first use (about 25 s) and kept in
 * the user's cache folder. Never booted itself: hosts lay an overlay over it.
 */
export async function baseImage(
  suite: Suite,
  packages: readonly string[],
  sources: PackageSources,
): Promise<string> {
  const cache = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'weedgo-redis-lab');
  const include = [...new Set([...basePackages, ...packages])].toSorted().join(',');
  const recipe = await Promise.all(['build-image.sh', 'prepare-image.sh'].map((name) => readScript(name)));
  const hash = createHash('sha256')
    .update([include, ...recipe].join('\n'))
    .digest('hex')
    .slice(0, 12);
  const image = join(cache, `${suite}-${hash}`);
  const aptConf = join(cache, 'apt.conf');
  await mkdir(cache, { recursive: true });
  await writeFile(aptConf, sources.aptConf);
  await run(['sh', scriptPath('build-image.sh'), image, suite, include, aptConf, ...sources.lines], {
    timeoutMs: 600_000,
  });
  return image;
}

/** Path of one of the lab's shell scripts. */
export const scriptPath = (name: string): string => join(import.meta.dirname, name);

const readScript = (name: string): Promise<string> => readFile(scriptPath(name), 'utf8');
