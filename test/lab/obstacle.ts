import { access, constants } from 'node:fs/promises';
import { attempt } from './run.ts';

const programs = {
  'systemd-nspawn': 'systemd-container',
  mmdebstrap: 'mmdebstrap',
  nft: 'nftables',
  ip: 'iproute2',
  'ssh-keygen': 'openssh-client',
  nsenter: 'util-linux',
  flock: 'util-linux',
};

/** Why no test hosts can be had on this machine, in a sentence; undefined: they can. */
export async function labObstacle(): Promise<string | undefined> {
  if (process.platform !== 'linux') return 'test hosts need Linux';
  if (process.getuid?.() !== 0) return 'test hosts need root';
  for (const [program, debianPackage] of Object.entries(programs)) {
    const { code } = await attempt(['sh', '-c', 'command -v "$1"', 'sh', program]);
    if (code !== 0) return `test hosts need ${program} (Debian package ${debianPackage})`;
  }
  return (await kernelObstacle()) ?? (await controlGroupObstacle());
}

/** Tries what a sandbox or an older kernel most often forbids, in namespaces that vanish with the trial. */
async function kernelObstacle(): Promise<string | undefined> {
  const trial = `set -e
    trap 'rm -rf --one-file-system "$dir"' EXIT
    dir=$(mktemp -d /var/tmp/weedgo-lab-trial-XXXXXX)
    ip link add trial0 type bridge
    nft add table ip trial
    cd "$dir"
    mkdir lower upper work root
    mount -t overlay -o lowerdir=lower,upperdir=upper,workdir=work overlay root
    umount root`;
  const { code, stderr } = await attempt(['unshare', '--mount', '--net', 'sh', '-c', trial]);
  return code === 0
    ? undefined
    : `this machine allows no bridges, nftables or overlay mounts (${stderr.trim()})`;
}

async function controlGroupObstacle(): Promise<string | undefined> {
  for (const tree of ['/sys/fs/cgroup/systemd', '/sys/fs/cgroup']) {
    try {
      await access(`${tree}/cgroup.procs`, constants.W_OK);
      return undefined;
    } catch {
      // The next one, then.
    }
  }
  return 'this machine has no control groups that systemd could run in';
}
