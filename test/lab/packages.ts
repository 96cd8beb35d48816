import { readFile } from 'node:fs/promises';
import { attempt, run } from './run.ts';

/**
 * Where packages come from, as this machine has it: read at run time, written into hosts, committed nowhere.
 */
export type PackageSources = {
  /** sources.list lines; empty: mmdebstrap's own default. */
  readonly lines: readonly string[];
  /** apt.conf lines: proxy, what to make of an old mirror. */
  readonly aptConf: string;
};

/**
 * This machine's Debian mirrors, for another suite: `bookworm-security` on the machine is `trixie-security`
 * for trixie. On anything but Debian the mirrors are of no use, and mmdebstrap's own default is taken.
 */
export async function readPackageSources(suite: string): Promise<PackageSources> {
  const release = await readFile('/etc/os-release', 'utf8');
  const id = /^ID=(.*)$/m.exec(release)?.[1];
  const codename = /^VERSION_CODENAME=(.*)$/m.exec(release)?.[1];
  const format = ['--format', '$(REPO_URI) $(RELEASE) $(COMPONENT)', 'Created-By: Packages'];
  const { stdout } = await attempt(['apt-get', 'indextargets', ...format]);
  const lines = stdout
    .split('\n')
    .map((line) => /^(\S+) (\S+) main$/.exec(line))
    .filter((found) => found !== null)
    .filter(([, , name = '']) => id === 'debian' && name.split('-')[0] === codename)
    .map(([, uri, name = '']) => `deb ${uri} ${name.replace(/^[a-z]+/, suite)} main`);
  return { lines, aptConf: await readAptConf() };
}

async function readAptConf(): Promise<string> {
  const wanted = /^Acquire::(https?::(Proxy|Timeout)|Check-|Retries|ForceIPv4)\S* ".+";$/;
  const dump = await run(['apt-config', 'dump']);
  const proxy = process.env['http_proxy'];
  return [
    ...dump.split('\n').filter((line) => wanted.test(line)),
    ...(proxy === undefined ? [] : [`Acquire::http::Proxy "${proxy}";`]),
  ]
    .map((line) => `${line}\n`)
    .join('');
}
