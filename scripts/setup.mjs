// Sets up what a fresh clone lacks, saying what it does: `node scripts/setup.mjs [demo|test|check]`.
// Plain JavaScript without dependencies, since it runs before there are any.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '..');

/** Programs and files, and the Debian package that each is in. */
const redis = { 'redis-server': 'redis-server', 'redis-cli': 'redis-tools' };
const ssh = { ssh: 'openssh-client', sshd: 'openssh-server' };
/** redis-py, a cluster client that failovers are tried under. */
const clients = { '/usr/lib/python3/dist-packages/redis/cluster.py': 'python3-redis' };
/** The report's page is looked at in a browser; CHROMIUM names another one. */
const browser = process.env.CHROMIUM ? {} : { '/usr/bin/chromium': 'chromium' };
/** Completion is tried in every shell that it is for; bash is everywhere. */
const shells = { zsh: 'zsh', fish: 'fish' };
/** What races root for a path has to be faster than a shell. */
const compiler = { cc: 'gcc', '/usr/include/stdio.h': 'libc6-dev' };
const lab = {
  'systemd-nspawn': 'systemd-container',
  mmdebstrap: 'mmdebstrap',
  nft: 'nftables',
  ip: 'iproute2',
};
const isRoot = process.getuid?.() === 0;
const wanted = {
  check: {},
  demo: redis,
  // Only root can boot test hosts; for anyone else `npm test` leaves them out and says so.
  test: { ...redis, ...ssh, ...clients, ...browser, ...shells, ...compiler, ...(isRoot && lab) },
};

const purpose = process.argv[2] ?? 'check';
requireNode();
installDependencies();
installPackages(wanted[purpose]);

function requireNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    giveUp(`Node ${process.versions.node} is too old: 20.19 or newer is needed.`);
  }
}

function installDependencies() {
  if (dependenciesAreCurrent()) return;
  // Exactly what package-lock.json says, each package with the hash that stands there. The lock file names the packages
  // of every platform with theirs, so that a registry is only asked for those of this one.
  const command = existsSync(join(root, 'package-lock.json')) ? 'ci' : 'install';
  say(`Installing the dependencies: npm ${command}`);
  const { status } = spawnSync('npm', [command, '--no-audit', '--no-fund'], { cwd: root, stdio: 'inherit' });
  if (status !== 0) giveUp(`npm ${command} failed; see above.`);
}

/** Whether node_modules has what package-lock.json says; optional packages are for some platforms only. */
function dependenciesAreCurrent() {
  const locked = readPackages('package-lock.json');
  const installed = readPackages('node_modules/.package-lock.json');
  return Object.entries(locked).every(
    ([path, { version, optional }]) =>
      path === '' || (installed[path] ? installed[path].version === version : optional),
  );
}

function readPackages(file) {
  try {
    return JSON.parse(readFileSync(join(root, file), 'utf8')).packages;
  } catch (error) {
    if (error.code === 'ENOENT') return {};
    throw error;
  }
}

function installPackages(programs) {
  const missing = Object.keys(programs).filter((program) => !isInstalled(program));
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map((program) => programs[program]))];
  const byHand = `Install ${packages.join(', ')} (${missing.join(', ')} missing), then run this again.`;
  if (!isInstalled('apt-get')) giveUp(byHand);
  if (!isRoot && !isInstalled('sudo')) giveUp(`${byHand} As root: apt-get install ${packages.join(' ')}`);
  say(`Installing ${packages.join(', ')} with apt-get: ${missing.join(', ')} missing`);
  const script = ['sh', join(here, 'apt-install.sh'), ...packages];
  const [program, ...args] = isRoot ? script : ['sudo', ...script];
  if (spawnSync(program, args, { stdio: 'inherit' }).status !== 0) giveUp(byHand);
}

function isInstalled(program) {
  if (program.startsWith('/')) return existsSync(program);
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return folders.some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function say(text) {
  console.error(text);
}

function giveUp(text) {
  say(text);
  process.exit(1);
}
