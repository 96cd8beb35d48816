import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createLab, type Lab } from '../test/lab/lab.ts';
import { attempt, run } from '../test/lab/run.ts';
import { type Comparison, seconds } from './measure.ts';

const root = join(import.meta.dirname, '..');
const ports = { redis1: [7000, 7003], redis2: [7001, 7004], redis3: [7002, 7005] };
const password = 'correct-horse-battery';

/** What provisions a new lab: makes ready without being timed, then runs, any number of times. */
type Provisioner = {
  readonly prepare: (lab: Lab) => Promise<void>;
  readonly provision: (lab: Lab) => Promise<void>;
};

/**
 * Six nodes on three hosts with the packages installed: from nothing to verified, and again with nothing to
 * do. Each run on new hosts, by us and by Ansible in turns.
 */
export async function benchHosts(runs: number): Promise<readonly Comparison[]> {
  const hasAnsible = (await attempt(['sh', '-c', 'command -v ansible-playbook'])).code === 0;
  if (!hasAnsible) console.error('Ansible is left out: there is no ansible-playbook on this machine.');
  const ours: number[][] = [];
  const theirs: number[][] = [];
  for (let turn = 0; turn < runs; turn += 1) {
    ours.push(await onNewHosts(weedgo));
    if (hasAnsible) theirs.push(await onNewHosts(ansible));
  }
  return ['provision three hosts, from nothing to verified', 'provision again, nothing to do'].map(
    (what, index) => ({
      what,
      ours: ours.map((times) => times[index] ?? NaN),
      peer: 'Ansible',
      theirs: theirs.map((times) => times[index] ?? NaN),
    }),
  );
}

async function onNewHosts({ prepare, provision }: Provisioner): Promise<number[]> {
  // Ansible needs Python on the hosts.
  const packages = ['python3', 'python3-apt'];
  const lab = await createLab({ hosts: Object.keys(ports), redis: 'installed', packages });
  try {
    // So that nobody has to wait for the package mirror.
    await Promise.all(lab.hosts.map((host) => host.run('apt-get -qq update', { timeoutMs: 300_000 })));
    await prepare(lab);
    return [await seconds(() => provision(lab)), await seconds(() => provision(lab))];
  } finally {
    await lab.close();
  }
}

const weedgo: Provisioner = {
  prepare: async (lab) => {
    const inventory = {
      cluster: 'bench',
      install: 'package',
      ssh: {
        user: 'root',
        identityFile: lab.keyFile,
        knownHostsFile: lab.knownHostsFile,
        configFile: 'none',
      },
      auth: { password: { file: join(lab.dir, 'password') } },
      hosts: lab.hosts.map(({ name, address }) => ({ name, address, ports: portsOf(name) })),
      config: { maxmemory: '256mb', 'cluster-node-timeout': 5000 },
    };
    await writeFile(join(lab.dir, 'password'), password, { mode: 0o600 });
    await writeFile(join(lab.dir, 'weedgo-redis.yaml'), JSON.stringify(inventory));
  },
  provision: async (lab) => {
    const program = [process.execPath, join(root, 'bin/weedgo-redis.js')];
    await run([...program, '-i', join(lab.dir, 'weedgo-redis.yaml'), '--yes', 'provision'], {
      timeoutMs: 300_000,
    });
  },
};

const ansible: Provisioner = {
  prepare: async (lab) => {
    const ssh = [
      `-o UserKnownHostsFile=${lab.knownHostsFile}`,
      '-o ControlMaster=auto -o ControlPersist=60s',
      `-o ControlPath=${lab.dir}/%h`,
    ].join(' ');
    const lines = [
      '[redis]',
      ...lab.hosts.map(
        ({ name, address }) => `${name} ansible_host=${address} ports=${JSON.stringify(portsOf(name))}`,
      ),
      '[redis:vars]',
      'ansible_user=root',
      `ansible_ssh_private_key_file=${lab.keyFile}`,
      `ansible_ssh_common_args=${ssh}`,
      'ansible_python_interpreter=/usr/bin/python3',
      `redis_password=${password}`,
    ];
    await writeFile(join(lab.dir, 'inventory.ini'), lines.map((line) => `${line}\n`).join(''));
  },
  provision: async (lab) => {
    const folder = join(root, 'bench/ansible');
    const settings = [`ANSIBLE_CONFIG=${folder}/ansible.cfg`, `ANSIBLE_HOME=${lab.dir}/ansible`];
    const playbook = ['ansible-playbook', '-i', join(lab.dir, 'inventory.ini'), join(folder, 'site.yml')];
    await run(['env', ...settings, ...playbook], { timeoutMs: 300_000 });
  },
};

const portsOf = (name: string): readonly number[] => ports[name as keyof typeof ports];
