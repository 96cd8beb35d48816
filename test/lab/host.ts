import { spawn } from 'node:child_process';
import { mkdir, open, readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { scriptPath } from './image.ts';
import { attempt, type Outcome, run, until } from './run.ts';

export type ExecOptions = {
  /** Default root. */
  readonly user?: string;
  readonly input?: string | Uint8Array;
  /** Default 60 000. */
  readonly timeoutMs?: number;
};

export type Block = {
  /** Other end of the traffic; default anybody. */
  readonly peer?: LabHost;
  /** TCP destination port. */
  readonly port: number;
  /** `in`: what comes to this host's port. `out`: what it sends to the peer's port. */
  readonly direction: 'in' | 'out';
};

/** A Debian host with systemd, sshd, an address, packages and a disk of its own. */
export type LabHost = {
  readonly name: string;
  readonly address: string;
  /** Its disk as a folder of this machine; there also while the host is off. */
  readonly root: string;
  /** Public host keys, `ssh-ed25519 AAAA…` a line; the same after a power loss. */
  readonly hostKeys: readonly string[];
  /** Runs sh on the host from outside: not through ssh, so also while the host is cut off. */
  readonly exec: (script: string, options?: ExecOptions) => Promise<Outcome>;
  /** Like exec, but an exit other than 0 rejects; resolves to stdout. */
  readonly run: (script: string, options?: ExecOptions) => Promise<string>;
  readonly writeFile: (path: string, content: string | Uint8Array, mode?: string) => Promise<void>;
  readonly readFile: (path: string) => Promise<string>;
  /**
   * Pulls the plug. The disk stays as it is; what the host's kernel had not written yet is not lost, though.
   */
  readonly powerOff: () => Promise<void>;
  /** Starts the host and waits until it is up: systemd has started everything and sshd answers. */
  readonly boot: () => Promise<void>;
  /** An orderly restart, as an operator would do it. */
  readonly reboot: () => Promise<void>;
  /** Pulls the network cable, and plugs it in again. */
  readonly cut: () => Promise<void>;
  readonly uncut: () => Promise<void>;
  /** Drops the packets in the host's own firewall; resolves to what takes the rule away again. */
  readonly block: (block: Block) => Promise<() => Promise<void>>;
};

export type HostSpec = {
  readonly name: string;
  readonly address: string;
  /** Unique on this machine; also names the host's network interface and control group. */
  readonly machine: string;
  readonly bridge: string;
  readonly image: string;
  readonly dir: string;
};

/** Lays the host's disk over the image. The host is off. */
export async function createHost(spec: HostSpec): Promise<LabHost> {
  const root = join(spec.dir, 'root');
  for (const name of ['upper', 'work', 'root']) await mkdir(join(spec.dir, name), { recursive: true });
  const layers = `lowerdir=${spec.image},upperdir=${spec.dir}/upper,workdir=${spec.dir}/work`;
  await run(['mount', '-t', 'overlay', '-o', layers, spec.machine, root]);
  await run(['chroot', root, 'ssh-keygen', '-A']);
  const keys = await run(['sh', '-c', 'cat "$1"/etc/ssh/ssh_host_*_key.pub', 'sh', root]);
  const machine = new Machine(spec, root);
  const exec: LabHost['exec'] = (script, options) => machine.exec(script, options);
  const execOrThrow: LabHost['run'] = async (script, options) => {
    const { code, stdout, stderr } = await exec(script, options);
    if (code !== 0) throw new Error(`on ${spec.name}: ${script}\nexit ${code}\n${stdout}${stderr}`);
    return stdout;
  };
  return {
    name: spec.name,
    address: spec.address,
    root,
    hostKeys: keys
      .trim()
      .split('\n')
      .map((line) => line.split(' ').slice(0, 2).join(' ')),
    exec,
    run: execOrThrow,
    writeFile: async (path, content, mode = '0644') => {
      await execOrThrow(`cat > ${quote(path)} && chmod ${mode} ${quote(path)}`, { input: content });
    },
    readFile: (path) => execOrThrow(`cat ${quote(path)}`),
    powerOff: () => machine.powerOff(),
    boot: () => machine.boot(),
    reboot: () => machine.reboot(),
    cut: async () => void (await run(['ip', 'link', 'set', `vb-${spec.machine}`, 'down'])),
    uncut: async () => void (await run(['ip', 'link', 'set', `vb-${spec.machine}`, 'up'])),
    block: (block) => machine.block(block),
  };
}

const quote = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;

class Machine {
  readonly #spec: HostSpec;
  readonly #root: string;
  #isOn = false;
  #blocks = 0;

  constructor(spec: HostSpec, root: string) {
    this.#spec = spec;
    this.#root = root;
  }

  async boot(): Promise<void> {
    const { machine, bridge, name, dir } = this.#spec;
    await until(`the last network interface of ${name} is gone`, async () =>
      (await attempt(['ip', 'link', 'show', `vb-${machine}`])).code === 0 ? undefined : true,
    );
    const console = await open(join(dir, 'console'), 'a');
    const child = spawn('sh', [scriptPath('boot.sh'), machine, this.#root, bridge, name], {
      detached: true,
      stdio: ['ignore', console.fd, console.fd],
    });
    await console.close();
    child.unref();
    this.#isOn = true;
    child.on('exit', () => (this.#isOn = false));
    await this.#untilUp();
  }

  async powerOff(): Promise<void> {
    await run(['sh', scriptPath('kill.sh'), this.#spec.machine]);
    await until(`${this.#spec.name} is off`, () => (this.#isOn ? undefined : true));
  }

  async reboot(): Promise<void> {
    const before = await this.#leader();
    await this.exec('systemctl reboot');
    await until(`${this.#spec.name} starts again`, async () => {
      const now = await this.#leader();
      return now !== undefined && now !== before ? true : undefined;
    });
    await this.#untilUp();
  }

  async exec(script: string, { user = 'root', ...options }: ExecOptions = {}): Promise<Outcome> {
    const leader = await this.#leader();
    if (leader === undefined) throw new Error(`${this.#spec.name} is off`);
    const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
    const enter = ['nsenter', '--target', String(leader), '--all', 'env', '-i', '-C', '/', `PATH=${path}`];
    return attempt([...enter, 'runuser', '-u', user, '--', 'sh', '-c', script], options);
  }

  async block({ peer, port, direction }: Block): Promise<() => Promise<void>> {
    const table = `lab_block_${(this.#blocks += 1)}`;
    const [hook, side] = direction === 'in' ? ['input', 'saddr'] : ['output', 'daddr'];
    const from = peer === undefined ? '' : `ip ${side} ${peer.address} `;
    await this.#nft(`table inet ${table} {
      chain block { type filter hook ${hook} priority -10; ${from}tcp dport ${port} drop; }
    }`);
    return () => this.#nft(`delete table inet ${table}`);
  }

  async #nft(ruleset: string): Promise<void> {
    const target = ['nsenter', '--target', String(await this.#leader()), '--net'];
    await run([...target, 'nft', '-f', '-'], { input: ruleset });
  }

  /** The host's process 1, as this machine numbers it; another one after a reboot. */
  async #leader(): Promise<number | undefined> {
    for (const tree of ['/sys/fs/cgroup', '/sys/fs/cgroup/unified', '/sys/fs/cgroup/systemd']) {
      const group = `${tree}/${this.#spec.machine}/payload/init.scope/cgroup.procs`;
      const pids = await readFile(group, 'utf8').catch(() => '');
      if (pids !== '') return Number(pids.split('\n')[0]);
    }
    return undefined;
  }

  async #untilUp(): Promise<void> {
    try {
      await until(`${this.#spec.name} is up`, () => this.#isUp());
    } catch (cause) {
      const text = await readFile(join(this.#spec.dir, 'console'), 'utf8');
      throw new Error(`${String(cause)}\nconsole of ${this.#spec.name}:\n${text.slice(-4000)}`, { cause });
    }
  }

  async #isUp(): Promise<true | undefined> {
    if (!this.#isOn) throw new Error('systemd-nspawn ended');
    if ((await this.#leader()) === undefined) return undefined;
    const { stdout } = await this.exec('systemctl is-system-running --wait');
    if (!/^(running|degraded)$/m.test(stdout)) return undefined;
    return (await accepts(this.#spec.address, 22)) ? true : undefined;
  }
}

function accepts(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const finish = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(1000, () => finish(false));
    socket.on('error', () => finish(false));
    socket.on('connect', () => finish(true));
  });
}
