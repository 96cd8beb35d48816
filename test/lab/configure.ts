import { appendFile, chmod, chown, cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { LabHost } from './host.ts';
import type { PackageSources } from './packages.ts';
import { attempt, run } from './run.ts';

/** What `deploypw` types at sudo's prompt: as awkward as a password may be. */
export const deployPassword = `pass "word's" $HOME \\ #1`;

export type HostConfiguration = {
  readonly host: LabHost;
  /** All hosts of the lab, which find each other by name. */
  readonly neighbours: readonly { readonly name: string; readonly address: string }[];
  readonly keyFile: string;
  readonly sources: PackageSources;
};

/** Writes what sets one host apart onto its disk, before it boots for the first time. */
export async function configureHost({
  host,
  neighbours,
  keyFile,
  sources,
}: HostConfiguration): Promise<void> {
  const names = neighbours.map(({ name, address }) => `${address} ${name}\n`).join('');
  const gateway = host.address.replace(/\d+$/, '1');
  const files = {
    'etc/hostname': `${host.name}\n`,
    'etc/hosts': `127.0.0.1 localhost\n${names}${await ownNames()}`,
    'etc/resolv.conf': await readResolvConf(),
    'etc/systemd/network/10-host0.network': networkFile(host.address, gateway),
    'etc/apt/apt.conf.d/99mmdebstrap': sources.aptConf,
    ...(sources.lines.length > 0 && { 'etc/apt/sources.list': `${sources.lines.join('\n')}\n` }),
  };
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(host.root, path)), { recursive: true });
    await writeFile(join(host.root, path), content);
  }
  for (const user of ['root', 'deploy', 'deploypw']) {
    await authorize(host.root, user, await readFile(`${keyFile}.pub`, 'utf8'));
  }
  await run(['chroot', host.root, 'chpasswd'], { input: `deploypw:${deployPassword}\n` });
  await trustOwnAuthorities(host.root);
}

/** A fixed address, there before the first service starts, as on most servers. */
const networkFile = (address: string, gateway: string): string => `[Match]
Name=host0

[Network]
Address=${address}/24
Gateway=${gateway}
LinkLocalAddressing=no
IPv6AcceptRA=no
`;

/** This machine's names for addresses other than its own, in case a package mirror is among them. */
async function ownNames(): Promise<string> {
  const lines = (await readFile('/etc/hosts', 'utf8')).split('\n');
  return lines.filter((line) => /^\d/.test(line) && !line.startsWith('127.')).join('\n');
}

/** This machine's resolvers; those behind systemd-resolved's stub, which only this machine can reach. */
async function readResolvConf(): Promise<string> {
  const own = await readFile('/etc/resolv.conf', 'utf8');
  return /^nameserver 127\./m.test(own) ? readFile('/run/systemd/resolve/resolv.conf', 'utf8') : own;
}

async function authorize(root: string, user: string, publicKey: string): Promise<void> {
  const [, , uid, gid, , home = ''] = (await run(['chroot', root, 'getent', 'passwd', user])).split(':');
  const dir = join(root, home, '.ssh');
  await mkdir(dir, { recursive: true });
  await appendFile(join(dir, 'authorized_keys'), publicKey);
  for (const [path, mode] of [
    [dir, 0o700],
    [join(dir, 'authorized_keys'), 0o600],
  ] as const) {
    await chmod(path, mode);
    await chown(path, Number(uid), Number(gid));
  }
}

/** A mirror behind an authority that only this machine knows is reachable from the hosts as well. */
async function trustOwnAuthorities(root: string): Promise<void> {
  const folder = '/usr/local/share/ca-certificates';
  const { stdout } = await attempt(['find', folder, '-name', '*.crt']);
  if (stdout === '') return;
  await cp(folder, join(root, folder), { recursive: true });
  await run(['chroot', root, 'update-ca-certificates']);
}
