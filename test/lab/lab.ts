import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { configureHost, deployPassword } from './configure.ts';
import { createHost, type LabHost } from './host.ts';
import { baseImage, scriptPath, type Suite } from './image.ts';
import { labObstacle } from './obstacle.ts';
import { readPackageSources } from './packages.ts';
import { run } from './run.ts';

export { deployPassword, type LabHost };

export type LabOptions = {
  /** Host names, in the order of their addresses 10.77.N.11, .12, … */
  readonly hosts: readonly string[];
  /** Default bookworm. */
  readonly suite?: Suite;
  /**
   * `installed`: redis-server is there, its service disabled, as after the tool's own run. Default absent.
   */
  readonly redis?: 'installed' | 'absent';
  /** Further Debian packages that every host has. */
  readonly packages?: readonly string[];
};

/**
 * Real hosts for a test: Debian with systemd as process 1, its own sshd, address, packages and disk, in
 * systemd-nspawn. Users on each: root and `deploy` (sudo without a password) and `deploypw` (sudo asks for
 * `deployPassword`), all of them with `keyFile`.
 *
 * They share this machine's kernel: vm.* settings and transparent hugepages are read-only there.
 */
export type Lab = {
  /** Names the lab's bridge, control groups, packet filter table and folder. */
  readonly id: string;
  readonly hosts: readonly LabHost[];
  /** The host of that name. */
  readonly host: (name: string) => LabHost;
  /** An ed25519 private key without a passphrase. */
  readonly keyFile: string;
  /** The hosts' keys, by address and by name. */
  readonly knownHostsFile: string;
  /** Scratch folder, removed with the lab. */
  readonly dir: string;
  /** Takes everything down. It also happens when this process ends in any other way. */
  readonly close: () => Promise<void>;
};

/** Boots the hosts, all at once, and waits until they are up. Throws the reason where no hosts can be had. */
export async function createLab(options: LabOptions): Promise<Lab> {
  const obstacle = await labObstacle();
  if (obstacle !== undefined) throw new Error(`no test hosts: ${obstacle}`);
  await sweepUp();
  const sources = await readPackageSources(options.suite ?? 'bookworm');
  const packages = [...(options.redis === 'installed' ? ['redis-server'] : []), ...(options.packages ?? [])];
  const image = await baseImage(options.suite ?? 'bookworm', packages, sources);
  const { id, dir, owner } = await claimId();
  const reaper = startReaper(id, owner);
  try {
    await run(['sh', scriptPath('network-up.sh'), id]);
    const keyFile = join(dir, 'id_ed25519');
    await run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', id, '-f', keyFile]);
    const addresses = options.hosts.map((name, index) => ({
      name,
      address: `10.77.${numberOf(id)}.${index + 11}`,
    }));
    const hosts = await Promise.all(
      addresses.map(async ({ name, address }, index) => {
        const number = index + 1;
        const spec = { name, address, machine: `${id}-${number}`, bridge: id, image };
        const host = await createHost({ ...spec, dir: join(dir, `host-${number}`) });
        await configureHost({ host, neighbours: addresses, keyFile, sources });
        await host.boot();
        return host;
      }),
    );
    return {
      id,
      hosts,
      host: (name) => find(hosts, name),
      keyFile,
      knownHostsFile: await writeKnownHosts(dir, hosts),
      dir,
      close: () => closeLab(reaper),
    };
  } catch (error) {
    await closeLab(reaper);
    throw error;
  }
}

const numberOf = (id: string): number => Number(id.slice('wlab'.length));

function find(hosts: readonly LabHost[], name: string): LabHost {
  const host = hosts.find((candidate) => candidate.name === name);
  if (!host) throw new Error(`the lab has no host ${name}`);
  return host;
}

async function writeKnownHosts(dir: string, hosts: readonly LabHost[]): Promise<string> {
  const file = join(dir, 'known_hosts');
  const lines = hosts.flatMap(({ name, address, hostKeys }) =>
    hostKeys.map((key) => `${address},${name} ${key}\n`),
  );
  await writeFile(file, lines.join(''));
  return file;
}

/**
 * Takes down the labs whose process is gone: this machine was switched off, or their reaper was killed as
 * well.
 */
async function sweepUp(): Promise<void> {
  for (const id of await readdir('/var/tmp')) {
    if (!/^wlab\d+$/.test(id)) continue;
    const owner = await readFile(`/var/tmp/${id}/owner`, 'utf8').catch(() => '');
    const alive = owner !== '' && owner === (await processIdentity(owner.split(' ')[0] ?? ''));
    if (!alive) await run(['sh', scriptPath('take-down.sh'), id, owner]);
  }
}

/** Process id and start time, since process ids are used again; undefined: no such process. */
async function processIdentity(pid: string): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  // The name in parentheses may hold anything; the start time is the 20th field after it.
  return stat && `${pid} ${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]}`;
}

/** Takes a free number: a folder that has its owner's name in it appears at once or not at all. */
async function claimId(): Promise<{ id: string; dir: string; owner: string }> {
  const owner = `${await processIdentity(String(process.pid))}`;
  const made = await mkdtemp('/var/tmp/weedgo-lab-');
  await writeFile(join(made, 'owner'), owner);
  const first = process.pid % 254;
  for (let tried = 0; tried < 254; tried += 1) {
    const id = `wlab${((first + tried) % 254) + 1}`;
    const dir = `/var/tmp/${id}`;
    try {
      await rename(made, dir);
      return { id, dir, owner };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOTEMPTY') throw error;
    }
  }
  await rm(made, { recursive: true });
  throw new Error('254 labs are running already; see /var/tmp/wlab*');
}

/** Takes the lab down as soon as this process has closed the pipe to it, or has died in whatever way. */
function startReaper(id: string, owner: string): ChildProcess {
  const script = 'cat > /dev/null; exec sh "$0" "$@"';
  const reaper = spawn('sh', ['-c', script, scriptPath('take-down.sh'), id, owner], {
    detached: true,
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  reaper.unref();
  return reaper;
}

async function closeLab(reaper: ChildProcess): Promise<void> {
  if (reaper.exitCode !== null) return;
  const exited = once(reaper, 'exit');
  reaper.ref();
  reaper.stdin?.end();
  const [code] = await exited;
  if (code !== 0) throw new Error(`the lab was not taken down: exit ${String(code)}`);
}
