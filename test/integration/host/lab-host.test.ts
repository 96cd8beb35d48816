import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { InterruptedError } from '../../../src/base/errors.ts';
import { applySteps } from '../../../src/host/apply.ts';
import { planDestroy } from '../../../src/host/destroy.ts';
import { planHost } from '../../../src/host/plan.ts';
import { portProbes, probePorts } from '../../../src/host/probe.ts';
import { requireHost } from '../../../src/host/require.ts';
import { requireReachability } from '../../../src/host/requirements/reachability.ts';
import { StepFailedError } from '../../../src/host/step-failure.ts';
import { describeStep, type HostStep } from '../../../src/host/step.ts';
import type { Inventory } from '../../../src/inventory/inventory.ts';
import type { Shell } from '../../../src/ssh/shell.ts';
import { createLab, type Lab, type LabHost } from '../../lab/lab.ts';
import { connectLab, converge, labInventory, lookAt, secrets } from './lab-hosts.ts';

let lab: Lab;
let inventory: Inventory;

beforeAll(async () => {
  lab = await createLab({ hosts: ['redis1', 'redis2', 'redis3'] });
  inventory = labInventory(lab);
  await withShells((shells) => Promise.all([...shells.values()].map((shell) => converge(shell, inventory))));
});
afterAll(() => lab?.close());

/** Each test has its own connections: some of them pull plugs. */
async function withShells<T>(work: (shells: ReadonlyMap<string, Shell>) => Promise<T>): Promise<T> {
  const shells = await connectLab(inventory);
  try {
    return await work(shells);
  } finally {
    await Promise.all([...shells.values()].map((shell) => shell.close()));
  }
}

function shellOf(shells: ReadonlyMap<string, Shell>, { name }: LabHost): Shell {
  const shell = shells.get(name);
  if (!shell) throw new Error(`no shell of ${name}`);
  return shell;
}

const kinds = (steps: readonly HostStep[]): readonly string[] => steps.map(({ kind }) => kind);
const messages = (problems: readonly { readonly message: string }[]): readonly string[] =>
  problems.map(({ message }) => message);

/** A write lock as fcntl(2) has it, which is what apt takes (struct flock of 64-bit Linux), until told to go. */
const holdLock = `use Fcntl;
open(my $file, ">>", $ARGV[0]) or die $!;
my $lock = pack("s s x4 q q i x4", F_WRLCK, 0, 0, 0, 0);
fcntl($file, F_SETLK, $lock) or die $!;
open(my $held, ">", "/run/holder") or die $!;
print $held $$;
close($held);
select(undef, undef, undef, 0.1) until -e "/run/release";`;

const isHeld = 'pid=$(cat /run/holder) && [ -d "/proc/$pid" ]';
/**
 * Debian has neither of them. dnf says for whom it waits unless it is to be quiet (dnf/lock.py, logger.info);
 * zypper waits in silence (libzypp, ZyppLock.cc).
 */
const strangers = {
  dnf: `#!/bin/sh
[ "$1" = -q ] || echo "Waiting for process with pid $(cat /run/holder) to finish."
while ${isHeld}; do sleep 0.2; done`,
  zypper: `#!/bin/sh
[ "$ZYPP_LOCK_TIMEOUT" -ge 60 ] || exit 7
while ${isHeld}; do sleep 0.2; done`,
  rpm: '#!/bin/sh',
};
const installs: readonly HostStep[] = [
  { kind: 'install-packages', manager: 'apt', packages: ['redis-server'] },
  ...(['dnf', 'zypper'] as const).flatMap((manager): readonly HostStep[] => [
    { kind: 'refresh-packages', manager, packages: ['redis'] },
    { kind: 'install-packages', manager, packages: ['redis'] },
  ]),
];

describe('three hosts that were bare', () => {
  test('are what the inventory says: there is nothing left to do', async () => {
    await withShells(async (shells) => {
      for (const shell of shells.values()) {
        const input = await lookAt(shell, inventory);
        expect(planHost(input).map(describeStep)).toEqual([]);
        // The lab's kernel is this machine's, and its vm settings are not for containers to change.
        expect(requireHost(input).filter(({ id }) => id !== 'kernel-setting')).toEqual([]);
        expect(Object.keys(input.facts.processes)).toEqual(input.host.nodes.map(({ id }) => id));
      }
    });
    const host = lab.host('redis1');
    expect(await host.run('systemctl is-enabled weedgo-redis@7000 weedgo-redis@7003')).toBe(
      'enabled\nenabled\n',
    );
    expect(await host.exec('systemctl is-enabled redis-server')).toMatchObject({ stdout: 'masked\n' });
    expect(await host.run('journalctl -o cat -u redis-server.service | grep -c Started || :')).toBe('0\n');
    expect(
      await host.run('stat -c "%a %U %G" /etc/weedgo-redis/redis-7000.conf /var/lib/weedgo-redis/redis@7000'),
    ).toBe('640 root redis\n750 redis redis\n');
    expect(await host.run('find / -xdev -name "*.new" -newer /etc/hostname 2>/dev/null')).toBe('');
    // Not as an argument: the journal keeps the command line of whoever logs.
    const search = { input: `${secrets.password}\n` };
    expect(await host.run('grep -rlF -f - /var/log /run /tmp /root /home 2>/dev/null || :', search)).toBe('');
    expect(await host.run('grep -rlF -f - /etc | sort', search)).toBe(
      '/etc/weedgo-redis/redis-7000.conf\n/etc/weedgo-redis/redis-7003.conf\n',
    );
  });

  test('one setting changed: two files are written, nothing else', async () => {
    const changed = labInventory(lab, { config: { maxmemory: '200mb' } });
    await withShells(async (shells) => {
      const shell = shellOf(shells, lab.host('redis1'));
      const before = await lookAt(shell, changed);
      expect(kinds(planHost(before))).toEqual(['write-file', 'write-file']);
      await applySteps(shell, planHost(before));
      const after = await lookAt(shell, changed);
      expect(planHost(after)).toEqual([]);
      expect(after.facts.processes).toEqual(before.facts.processes);
      await converge(shell, inventory);
    });
  });

  test('a unit changed behind the nodes takes effect when they are restarted, and that is said', async () => {
    const host = lab.host('redis1');
    await host.run('touch -d "+1 minute" /etc/systemd/system/weedgo-redis@.service');
    await withShells(async (shells) => {
      const input = await lookAt(shellOf(shells, host), inventory);
      expect(kinds(planHost(input))).toEqual(['reload-units']);
      expect(messages(requireHost(input))).toEqual(
        expect.arrayContaining([expect.stringContaining('redis1:7000: its systemd unit was changed')]),
      );
      await host.run('touch -d "-1 hour" /etc/systemd/system/weedgo-redis@.service');
      await converge(shellOf(shells, host), inventory);
    });
  });

  test('the nodes come back after a reboot and after a power loss', async () => {
    const [one, , three] = lab.hosts;
    if (!one || !three) throw new Error('three hosts');
    await Promise.all([one.reboot(), three.powerOff().then(() => three.boot())]);
    await withShells(async (shells) => {
      for (const host of [one, three]) {
        expect(planHost(await lookAt(shellOf(shells, host), inventory)).map(describeStep)).toEqual([]);
      }
    });
  });

  test('a node that does not start: its journal and log say why, the others are started', async () => {
    const host = lab.host('redis2');
    await host.run('systemctl stop weedgo-redis@7001 weedgo-redis@7004');
    // Nothing is lost by the start, so it is not refused; the server finds out that its file is damaged.
    const file = '/var/lib/weedgo-redis/redis@7001/nodes.conf';
    await host.run(`cp -a ${file} /root/nodes.conf; echo garbage >${file}`);
    await withShells(async (shells) => {
      const shell = shellOf(shells, host);
      const input = await lookAt(shell, inventory);
      const error: unknown = await applySteps(shell, planHost(input)).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ host: 'redis2', node: 'redis2:7001', notDone: [] });
      expect(error instanceof StepFailedError && kinds(error.done)).toEqual(['start-service']);
      expect(String(error)).toContain('redis2: could not start weedgo-redis@7001.service');
      expect(String(error)).toContain('the end of /var/log/weedgo-redis/redis@7001/redis.log:');
      expect(String(error)).toContain('Unrecoverable error: corrupted cluster config file');
      expect(error instanceof StepFailedError && error.hints.join('\n')).toContain(
        'systemctl status weedgo-redis@7001.service',
      );
      await host.run(`cp -a /root/nodes.conf ${file}`);
      expect(await converge(shell, inventory)).toMatchObject([
        { kind: 'start-service', service: { port: 7001 } },
      ]);
    });
  });

  test('a start that systemd waits for: told with the end of the log, and an interruption ends the waiting', async () => {
    const host = lab.host('redis2');
    const unit = 'weedgo-redis@7001.service';
    const conf = '/etc/weedgo-redis/redis-7001.conf';
    // As a server without systemd support: it serves, and systemd never learns of it.
    await host.run(
      `systemctl stop ${unit}; cp -p ${conf} /root/conf; sed -i 's/^supervised .*/supervised no/' ${conf}`,
    );
    await withShells(async (shells) => {
      const shell = shellOf(shells, host);
      const controller = new AbortController();
      const told: string[] = [];
      const planned = planHost(await lookAt(shell, inventory));
      const starts = planned.filter(({ kind }) => kind === 'start-service');
      const error: unknown = await applySteps(shell, starts, {
        signal: controller.signal,
        onSlow: (step, { line }) => {
          told.push(`${describeStep(step)}: ${line}`);
          controller.abort();
        },
      }).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(InterruptedError);
      expect(error instanceof InterruptedError && error.hints[0]).toContain(
        `Begun on redis2 and not waited for any longer: start ${unit}`,
      );
      expect(told).toEqual([
        expect.stringMatching(/^start weedgo-redis@7001\.service.*: .*Ready to accept connections/),
      ]);
      const state = async () => (await host.run(`systemctl is-active ${unit} || :`)).trim();
      expect(await state()).toBe('activating');

      // A stop and a start that belong together: interrupted at once, the start is begun all the same, and so
      // is one that the guard was told of.
      const input = await lookAt(shell, inventory);
      const [start] = planHost(input).filter((step) => step.kind === 'start-service');
      if (!start) throw new Error('nothing to start');
      const again: unknown = await applySteps(
        shell,
        [
          { ...start, kind: 'stop-service' },
          { ...start, isOverride: true },
        ],
        {
          signal: AbortSignal.abort(),
          isWhole: true,
        },
      ).catch((reason: unknown) => reason);
      expect(again).toBeInstanceOf(InterruptedError);
      expect(again instanceof InterruptedError && again.hints).toContain(
        `Done on redis2 before: stop ${unit}.`,
      );
      expect(await state()).toBe('activating');
      await host.run(`cp -p /root/conf ${conf}; systemctl restart ${unit}`);
      expect(planHost(await lookAt(shell, inventory)).map(describeStep)).toEqual([]);
    });
  });

  test('somebody else has a port: named before anything is done', async () => {
    const host = lab.host('redis2');
    await host.run(
      'systemctl stop weedgo-redis@7004; systemd-run -q --unit=squatter redis-server --port 17004 --save ""',
    );
    await withShells(async (shells) => {
      const shell = shellOf(shells, host);
      const pid = (await host.run('systemctl show -p MainPID --value squatter')).trim();
      expect(messages(requireHost(await lookAt(shell, inventory)))).toContainEqual(
        expect.stringMatching(
          `redis2:7004: its bus port 17004 is in use by redis-server \\(pid ${pid}\\) on (0.0.0.0|::)$`,
        ),
      );
      await host.run('systemctl stop squatter');
      await converge(shell, inventory);
    });
  });

  test('ports are tried from every host to every other, and a firewall between two is named', async () => {
    await withShells(async (shells) => {
      const probes = portProbes(inventory);
      const look = async () => {
        const results = await probePorts(shells, probes);
        return messages(requireReachability({ results, isListening: () => true, facts: new Map() }));
      };
      const open = await probePorts(shells, probes);
      expect(open.map(({ outcome }) => outcome)).toEqual(probes.map(() => 'open'));
      const [one, two] = lab.hosts;
      if (!one || !two) throw new Error('three hosts');

      const unblock = await two.block({ peer: one, port: 17001, direction: 'in' });
      expect(await look()).toEqual([
        `redis1 cannot reach redis2 (${two.address}) at bus port 17001: no answer: a firewall drops it, or there is no way back`,
      ]);
      await unblock();
      for (const [verdict, said] of [
        ['reject', 'refused, though the node listens'],
        ['reject with tcp reset', 'refused, though the node listens'],
        ['reject with icmp type admin-prohibited', 'no route, or a firewall forbids it'],
      ]) {
        await two.run('nft -f -', {
          input: `table inet lab {
            chain input { type filter hook input priority 0; tcp dport { 7004, 17004 } ${verdict}; }
          }
          `,
        });
        expect(await look()).toEqual(
          ['redis1', 'redis3'].map((from) =>
            expect.stringMatching(`^${from} cannot reach redis2 .* at port 7004, bus port 17004: ${said}`),
          ),
        );
        await two.run('nft delete table inet lab');
      }
      expect(await look()).toEqual([]);
      // The nodes took no notice of all that knocking.
      for (const host of lab.hosts) {
        expect(
          await host.run(
            'grep -h " # " /var/log/weedgo-redis/*/redis.log | grep -iE "bus|accept|handshake" || :',
          ),
        ).toBe('');
      }
    });
  });

  test('a full disk is found before it is needed', async () => {
    const host = lab.host('redis3');
    await host.run(
      'mount -t tmpfs -o size=8m,uid=redis,gid=redis,mode=750 none /var/log/weedgo-redis/redis@7002',
    );
    await withShells(async (shells) => {
      expect(messages(requireHost(await lookAt(shellOf(shells, host), inventory)))).toContainEqual(
        expect.stringMatching(
          /^redis3: the disk of \/var\/log\/weedgo-redis\/redis@7002 is nearly full: 8\.\d MB and \d+ inodes free$/,
        ),
      );
    });
    await host.run('umount /var/log/weedgo-redis/redis@7002');
  });

  test('a package manager that waits for another process: told whose lock it is, and it completes', async () => {
    const host = lab.host('redis3');
    await host.writeFile('/root/hold.pl', holdLock);
    for (const [name, script] of Object.entries(strangers))
      await host.writeFile(`/usr/local/bin/${name}`, script, '0755');
    await host.run(`systemd-run -q --unit=holder perl /root/hold.pl /var/cache/apt/archives/lock
until [ -s /run/holder ]; do sleep 0.1; done; cp /run/holder /run/zypp.pid`);
    const pid = (await host.readFile('/run/holder')).trim();
    const told = new Map<string, string>();
    const wait = (shell: Shell, step: HostStep): Promise<void> =>
      applySteps(shell, [step], {
        onSlow: (slow, { line }) => {
          told.set(describeStep(slow), line);
          if (told.size === installs.length) void host.run('touch /run/release');
        },
      });
    await withShells((shells) => Promise.all(installs.map((step) => wait(shellOf(shells, host), step))));
    expect(Object.fromEntries(told)).toEqual({
      'install redis-server (apt)': `/var/cache/apt/archives/lock is held by process ${pid} (perl)`,
      'refresh the package lists (dnf)': `Waiting for process with pid ${pid} to finish.`,
      'install redis (dnf)': `Waiting for process with pid ${pid} to finish.`,
      'refresh the package lists (zypper)': `/run/zypp.pid is held by process ${pid} (perl)`,
      'install redis (zypper)': `/run/zypp.pid is held by process ${pid} (perl)`,
    });
    await host.run(`cd /usr/local/bin && rm ${Object.keys(strangers).join(' ')} /run/zypp.pid`);
  });

  test('destroy leaves nothing of ours', async () => {
    await withShells(async (shells) => {
      const shell = shellOf(shells, lab.host('redis3'));
      const { facts, desired } = await lookAt(shell, inventory);
      await applySteps(shell, planDestroy({ inventory, layout: desired.layout, facts }));
      const after = await lookAt(shell, inventory);
      expect([after.facts.files, after.facts.processes, after.facts.listeners]).toEqual([{}, {}, []]);
    });
    expect(
      await lab
        .host('redis3')
        .run(
          'ls /var/lib/weedgo-redis /var/log/weedgo-redis /etc/weedgo-redis; ls /etc/systemd/system | grep weedgo || :',
        ),
    ).toBe('/etc/weedgo-redis:\n\n/var/lib/weedgo-redis:\n\n/var/log/weedgo-redis:\n');
  });
});
