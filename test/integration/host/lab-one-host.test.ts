import { afterEach, expect, test } from 'vitest';
import { applySteps } from '../../../src/host/apply.ts';
import { planHost, untilObservation } from '../../../src/host/plan.ts';
import { requireHost } from '../../../src/host/require.ts';
import { StepFailedError } from '../../../src/host/step-failure.ts';
import { describeStep } from '../../../src/host/step.ts';
import type { Inventory } from '../../../src/inventory/inventory.ts';
import type { Shell } from '../../../src/ssh/shell.ts';
import type { Suite } from '../../lab/image.ts';
import { createLab, type Lab, type LabHost } from '../../lab/lab.ts';
import { connectLab, converge, labInventory, lookAt } from './lab-hosts.ts';

let lab: Lab | undefined;
const shells: Shell[] = [];
afterEach(async () => {
  await Promise.all(shells.splice(0).map((shell) => shell.close()));
  await lab?.close();
});

/** One bare host of its own for a test; its cluster is never formed. */
async function bareHost(suite: Suite = 'bookworm'): Promise<{
  readonly host: LabHost;
  readonly inventory: (ports: readonly number[], over?: object) => Inventory;
  readonly connect: () => Promise<Shell>;
}> {
  const made = await createLab({ hosts: ['redis1'], suite });
  lab = made;
  const inventory = (ports: readonly number[], over: object = {}): Inventory => {
    const hosts = made.hosts.map(({ name, address }) => ({ name, address, ports }));
    return labInventory(made, { hosts, replicas: 0, antiAffinity: 'none', ...over });
  };
  return {
    host: made.host('redis1'),
    inventory,
    connect: async () => {
      const shell = (await connectLab(inventory([7000, 7001, 7002]))).get('redis1');
      if (!shell) throw new Error('no shell');
      shells.push(shell);
      return shell;
    },
  };
}

const messages = (problems: readonly { readonly message: string }[]): readonly string[] =>
  problems.map(({ message }) => message);

test('power lost in the middle of the installation: run again, it completes', async () => {
  const { host, inventory, connect } = await bareHost();
  const wanted = inventory([7000, 7001, 7002]);
  const shell = await connect();
  await applySteps(shell, planHost(await lookAt(shell, wanted)).slice(0, 1));
  const known = await lookAt(shell, wanted, true);
  const cut = host.run('until [ -e /usr/bin/redis-server ]; do sleep 0.05; done').then(() => host.powerOff());
  const [applied] = await Promise.allSettled([applySteps(shell, planHost(known)), cut]);
  const error: unknown = applied.status === 'rejected' ? applied.reason : undefined;
  expect(error).toBeInstanceOf(StepFailedError);
  expect(error).toMatchObject({
    host: 'redis1',
    done: [{ kind: 'mask-unit' }],
    failed: [{ kind: 'install-packages' }],
  });
  await host.boot();
  const steps = await converge(await connect(), wanted);
  expect(steps.map(({ kind }) => kind)).toContain('install-packages');
  expect(await host.run('dpkg -s redis-server | grep ^Status')).toBe('Status: install ok installed\n');
});

test("the distribution's own server: left alone, giving way when empty, never stopped with keys", async () => {
  const { host, inventory, connect } = await bareHost();
  await host.run('apt-get -q update && apt-get -q install -y redis-server', { timeoutMs: 300_000 });
  await host.run('systemctl enable --now redis-server');
  const shell = await connect();
  const elsewhere = await lookAt(shell, inventory([7000, 7001, 7002]));
  expect(messages(requireHost(elsewhere))).toContainEqual(
    'redis1: redis-server.service runs there too; it is not part of this cluster and left alone',
  );
  expect(planHost(elsewhere).map(({ kind }) => kind)).not.toContain('mask-unit');

  const wanted = inventory([6379, 7001, 7002]);
  await host.run('redis-cli set key value');
  const refused = requireHost(await lookAt(shell, wanted)).filter(({ kind }) => kind !== 'warning');
  expect(refused).toMatchObject([
    { id: 'foreign-server', kind: 'refused', message: expect.stringContaining('and holds 1 keys') },
  ]);
  await host.run('redis-cli config set requirepass x');
  expect(messages(requireHost(await lookAt(shell, wanted)))).toContainEqual(
    expect.stringContaining('does not say whether it holds keys'),
  );
  await host.run('redis-cli -a x --no-auth-warning config set requirepass ""; redis-cli del key');
  const empty = await lookAt(shell, wanted);
  expect(requireHost(empty).filter(({ kind }) => kind !== 'warning')).toEqual([]);
  expect(planHost(empty).slice(0, 1).map(describeStep)).toEqual([
    'stop and mask redis-server.service (it is empty and has port 6379, which a node needs)',
  ]);
  await converge(shell, wanted);
  const { listeners, processes } = (await lookAt(shell, wanted)).facts;
  const node = processes['redis1:6379'];
  expect(node?.pid).toBeGreaterThan(0);
  expect(listeners.find(({ port }) => port === 6379)?.pid).toBe(node?.pid);
});

/** A write lock as fcntl(2) has it, which is what apt takes (struct flock of 64-bit Linux), for 4 s. */
const holdLock = `use Fcntl;
open(my $file, ">>", $ARGV[0]) or die $!;
my $lock = pack("s s x4 q q i x4", F_WRLCK, 0, 0, 0, 0);
fcntl($file, F_SETLK, $lock) or die $!;
open(my $held, ">", $ARGV[1]) or die $!;
sleep 4;`;

test('Debian 11 has Redis 6.0: refused once its package lists are fresh, which waits for their lock, and nothing is installed', async () => {
  const { host, inventory, connect } = await bareHost('bullseye');
  const wanted = inventory([7000, 7001, 7002]);
  const shell = await connect();
  const steps = untilObservation(planHost(await lookAt(shell, wanted)));
  expect(steps).toMatchObject([{ kind: 'refresh-packages', manager: 'apt' }]);
  // As apt-daily of a fresh machine: another process has the lock of the lists for a while.
  await host.writeFile('/root/hold.pl', holdLock);
  await host.run(
    `mkdir -p /var/lib/apt/lists
systemd-run -q --unit=holder perl /root/hold.pl /var/lib/apt/lists/lock /run/held
until [ -e /run/held ]; do
  if systemctl -q is-failed holder; then journalctl -u holder; exit 1; fi
  sleep 0.1
done`,
  );
  await applySteps(shell, steps);
  expect((await host.run('systemctl is-active holder || :')).trim()).toBe('inactive');
  const fresh = await lookAt(shell, wanted, true);
  expect(fresh.facts.server).toMatchObject({
    available: '6.0.16',
    account: { uid: undefined, gid: undefined },
  });
  expect(requireHost(fresh).filter(({ kind }) => kind === 'failed')).toMatchObject([
    { id: 'version', message: 'redis1 needs redis-server >=6.2; apt there would install 6.0.16' },
  ]);
});

test.each([
  ['redis', '>=8'],
  ['valkey', '>=8'],
])('Debian 13 has %s %s', async (server, version) => {
  const { inventory, connect } = await bareHost('trixie');
  const wanted = inventory([7000, 7001, 7002], { server, version });
  const shell = await connect();
  await converge(shell, wanted);
  const input = await lookAt(shell, wanted);
  expect(planHost(input)).toEqual([]);
  expect(requireHost(input).filter(({ kind }) => kind !== 'warning')).toEqual([]);
  expect(input.facts.server.installed?.path).toBe(`/usr/bin/${server}-server`);
  expect(Object.keys(input.facts.processes)).toHaveLength(3);
  expect(new Set(input.facts.listeners.map(({ process }) => process))).toEqual(new Set([`${server}-server`]));
});
