import { afterAll, beforeAll, expect, test } from 'vitest';
import { createLab, type Lab } from '../../lab/lab.ts';
import type { Cli } from '../../support/cli.ts';
import { until } from '../../support/until.ts';
import { createLabCli, labNodes, password } from '../provision/lab-support.ts';
import { expectCode } from '../provision/support.ts';
import { reached, reachedBy } from './firewalled-lab.ts';

let lab: Lab;
let cli: Cli;
let application: string;
/** Where redis1's nodes listen: its second address, which routing would not choose for what they send. */
let second: string;

beforeAll(async () => {
  lab = await createLab({
    hosts: ['redis1', 'redis2', 'redis3', 'client'],
    redis: 'installed',
    packages: ['nftables'],
  });
  // The host `client` is a stranger; an application has another address of the same network.
  application = lab.host('client').address.replace(/\d+$/, '98');
  second = lab.host('redis1').address.replace(/\d+$/, '111');
  await lab.host('redis1').run(`ip addr add ${second}/24 dev host0`);
  cli = await createLabCli(lab);
});
afterAll(async () => {
  await cli?.close();
  await lab?.close();
});

function documentOf(over: object = {}, privateAddress = second): { readonly hosts: readonly object[] } {
  const document = labNodes({ ...lab, hosts: lab.hosts.slice(0, 3) }, over) as {
    readonly hosts: readonly object[];
  };
  const [first, ...others] = document.hosts;
  return { ...document, hosts: [{ ...first, privateAddress }, ...others] };
}

const inventory = (over: object = {}): Promise<void> => cli.setInventory(documentOf(over));

const managed = (): object => ({ firewall: { manage: true, clients: [application] } });

/** Bus ports as redis1 and redis2 reach them, and node ports. */
const places = (): Record<'bus' | 'nodes', readonly string[]> => {
  const hosts = [`127.0.0.1`, second, lab.host('redis2').address, lab.host('redis3').address];
  return {
    bus: hosts.map((host, index) => `${host}:${[17_000, 17_000, 17_001, 17_002][index]}`).slice(1),
    nodes: hosts.map((host, index) => `${host}:${[7000, 7000, 7001, 7002][index]}`).slice(1),
  };
};

const findings = async (): Promise<readonly { readonly id: string; readonly severity: string }[]> => {
  const { stdout } = await cli.run('--json', 'verify');
  const { findings: all } = JSON.parse(stdout) as {
    readonly findings: readonly { readonly id: string; readonly severity: string }[];
  };
  // Hosts of a lab share a kernel that cannot be set from there.
  return all.filter(({ id }) => !id.startsWith('WR-KERNEL'));
};

/** Listens, answers PONG and keeps what it is sent in /tmp/caught. */
const listener = (address: string, port: number): string =>
  `systemd-run -q --unit=squatter-${port} -p User=nobody -p StandardOutput=file:/tmp/caught perl -MIO::Socket::INET -e '
    $| = 1;
    my $server = IO::Socket::INET->new(LocalAddr => "${address}", LocalPort => ${port}, Listen => 9, ReuseAddr => 1) or die;
    while (my $client = $server->accept) {
      if (fork() == 0) { while (sysread($client, my $data, 4096)) { print $data; syswrite($client, "+PONG\\r\\n") } exit }
    }'
  until ss -Hltn 'sport = :${port}' | grep -q .; do sleep 0.05; done`;

test('an address that the host does not have is refused before anything is changed', async () => {
  const elastic = second.replace(/\d+$/, '211');
  await cli.setInventory(documentOf({}, elastic));
  const check = await cli.run('check');
  expectCode(check, 1);
  const said = check.stdout.replaceAll(/\s+/g, ' ');
  expect(said).toContain(
    `${elastic} is not an address of this host, which has ${lab.host('redis1').address} (host0)`,
  );
  expect(said).not.toContain('Let TCP');
  const provision = await cli.run('provision');
  expectCode(provision, 1);
  expect(provision.stderr).toContain(`${elastic} is not an address of this host`);
  expect(await lab.host('redis2').run('ls -d /etc/weedgo-redis 2>&1 || :')).toContain('No such file');
});

test('whoever listens on a port of a node to be is not sent the password', async () => {
  await inventory();
  const host = lab.host('redis1');
  await host.run(listener(second, 7000));
  const plan = await cli.run('plan');
  expect(plan.stdout + plan.stderr).toContain('its port 7000 is in use by perl');
  const status = await cli.run('status');
  expect(status.stdout + status.stderr).toMatch(
    /port 7000 on \S+ belongs to perl \(pid \d+\) of user nobody, not to the server of user redis/,
  );
  await cli.run('verify');
  await cli.run('provision');
  expect(await host.run('systemctl stop squatter-7000; cat /tmp/caught')).not.toContain('AUTH');
});

test('without a packet filter, check and verify say that the bus is open to strangers', async () => {
  await inventory({ firewall: {} });
  const check = await cli.run('check');
  expectCode(check, 0);
  expect(check.stdout.replaceAll(/\s+/g, ' ')).toContain(
    'nothing limits who reaches the bus ports 17000, 17003',
  );
  expectCode(await cli.run('provision'), 0);
  expect(await findings()).toEqual([expect.objectContaining({ id: 'WR-BUS-OPEN', severity: 'warning' })]);
  expect(await reached(lab)).toContain('redis2:17001');
  expect(await reachedBy(lab.host('redis1'), 'nobody', places().bus)).toEqual(places().bus);
  expect(await reachedBy(lab.host('redis1'), 'nobody', ['127.0.0.1:17000'])).toHaveLength(1);
});

test('with firewall.manage nobody but the hosts and the clients gets through', async () => {
  await inventory(managed());
  const check = await cli.run('check');
  expect(check.stdout).toContain('nftables is empty; provision limits 7000, 7003, 17000, 17003');
  expectCode(await cli.run('provision'), 0);
  expect(await findings()).toEqual([]);
  expectCode(await cli.run('plan', '--exit-code'), 0);
  expect(await reached(lab)).toEqual([]);
  const nodePorts = ['redis2:7001', 'redis2:7004', 'redis3:7002', 'redis3:7005'];
  expect(await reached(lab, application)).toEqual(nodePorts);
  // What redis1's nodes send comes from the address that the others expect.
  const peers = await lab.host('redis2').run("ss -Htn state established '( sport = :17001 )'");
  expect(peers).toContain(`${second}:`);
  expect(peers).not.toContain(`${lab.host('redis1').address}:`);
  await meet();
  expect(await nodesOf('redis2')).not.toContain(':7777@');
});

test('no user of a host but root and the service user reaches a bus port, there or on a peer', async () => {
  const { bus, nodes } = places();
  for (const name of ['redis1', 'redis2']) {
    const host = lab.host(name);
    expect(await reachedBy(host, 'nobody', [...bus, ...nodes])).toEqual(nodes);
    // The login user of the tool, whose SSH connections lead to the node ports.
    expect(await reachedBy(host, 'deploy', [...bus, ...nodes])).toEqual(nodes);
    expect(await reachedBy(host, 'redis', bus)).toEqual(bus);
    expect(await reachedBy(host, 'root', bus)).toEqual(bus);
  }
  expect(await reachedBy(lab.host('redis1'), 'nobody', ['127.0.0.1:17000', '127.0.0.1:7000'])).toEqual([
    '127.0.0.1:7000',
  ]);
});

test('a connection from before the rules is of no use, and a container reaches no bus port of a peer', async () => {
  const host = lab.host('redis1');
  const peer = lab.host('redis2').address;
  await host.run(`nft delete table inet weedgo-redis-lab
systemd-run -q --unit=early -p User=nobody bash -c 'exec 3<>/dev/tcp/${peer}/17001; until [ -e /run/now ]; do sleep 0.05; done; echo >&3; sleep 60'
until ss -Htnp state established '( dport = :17001 )' | grep -q bash; do sleep 0.05; done
${container}`);
  const reaches = async (port: number): Promise<boolean> =>
    (await host.exec(`ip netns exec guest timeout 2 bash -c 'exec 3<>/dev/tcp/${peer}/${port}'`)).code === 0;
  expect(await reaches(17_001)).toBe(true);
  expectCode(await cli.run('provision'), 0);
  expect(await reaches(17_001)).toBe(false);
  const dropped = (): Promise<string> =>
    host.run(`nft list chain inet weedgo-redis-lab senders | grep -o 'packets [0-9]*'`);
  await host.run('touch /run/now');
  await until(async () => expect(await dropped()).not.toBe('packets 0\n'));
  await host.run('systemctl stop early; ip netns del guest; nft delete table ip guest');
});

test('a table of an earlier version of the tool is replaced', async () => {
  await lab.host('redis1').run(earlierTable);
  expect(await findings()).toEqual([
    expect.objectContaining({
      id: 'WR-BUS-OPEN',
      seen: 'the nftables table weedgo-redis-lab has other rules there than provision loads',
    }),
  ]);
  expectCode(await cli.run('provision'), 0);
  expectCode(await cli.run('plan', '--exit-code'), 0);
  expect(await findings()).toEqual([]);
});

test('another cluster on the same host has a table of its own, and takes none away with it', async () => {
  const { hosts, ...rest } = documentOf();
  await cli.setInventory({
    ...rest,
    cluster: 'other',
    mode: 'standalone',
    hosts: [{ ...hosts[0], ports: [7100] }],
    ...managed(),
  });
  expectCode(await cli.run('provision'), 0);
  expect(await tables('redis1')).toEqual(['weedgo-redis-lab', 'weedgo-redis-other']);
  expectCode(await cli.run('destroy', '--confirm', 'other'), 0);
  expect(await tables('redis1')).toEqual(['weedgo-redis-lab']);
  await inventory(managed());
  expectCode(await cli.run('plan', '--exit-code'), 0);
});

test('what was flushed is a finding, and comes back; it is there again after a reboot', async () => {
  await lab.host('redis1').run('nft flush ruleset');
  expect(await findings()).toEqual([expect.objectContaining({ id: 'WR-BUS-OPEN' })]);
  expectCode(await cli.run('provision'), 0);
  expect(await findings()).toEqual([]);
  // To start it is to flush what was there; its reload is noticed.
  await lab.host('redis2').run('systemctl start nftables; systemctl reload nftables');
  await lab.host('redis3').reboot();
  expectCode(await cli.run('start'), 0);
  expect(await reached(lab)).toEqual([]);
  expect(await reachedBy(lab.host('redis3'), 'nobody', places().bus)).toEqual([]);
  // Where the host was away for longer than cluster-node-timeout, its masters have been replaced.
  expect((await findings()).filter(({ id }) => id !== 'WR-HOST-LOSS')).toEqual([]);
});

/** What the tool loaded before it kept a host's own users from the bus. */
const earlierTable = `nft -f - <<'END'
delete table inet weedgo-redis-lab
table inet weedgo-redis-lab {
  chain input {
    type filter hook input priority -5; policy accept;
    iifname != "lo" tcp dport { 17000, 17003 } jump ports
  }
  chain ports {
    ip saddr 10.0.0.0/8 tcp dport { 17000, 17003 } accept
    counter drop comment "weedgo-redis lab 0123456789abcdef"
  }
}
END`;

/** What Docker does for one container: an interface of its own, and the host's address for what goes out. */
const container = `ip netns add guest
ip link add guest0 type veth peer name eth0 netns guest
ip addr add 172.31.0.1/24 dev guest0
ip link set guest0 up
ip -n guest addr add 172.31.0.2/24 dev eth0
ip -n guest link set eth0 up
ip -n guest link set lo up
ip -n guest route add default via 172.31.0.1
echo 1 >/proc/sys/net/ipv4/ip_forward
nft -f - <<'END'
table ip guest {
  chain postrouting { type nat hook postrouting priority 100; ip saddr 172.31.0.0/24 masquerade; }
}
END`;

/** Packets above 1,000 bytes to a peer are lost. */
const drop = (peer: string): string => `nft -f - <<'END'
table ip mtu {
  chain output { type filter hook output priority 0; ip daddr ${peer} meta length > 1000 drop; }
}
END`;

test('where large packets are lost between two hosts, check says so', async () => {
  await lab.host('redis1').run(drop(lab.host('redis3').address));
  await lab.host('redis3').run(drop(second));
  const check = await cli.run('check');
  await Promise.all(['redis1', 'redis3'].map((name) => lab.host(name).run('nft delete table ip mtu')));
  expectCode(check, 1);
  const said = check.stdout.replaceAll(/\s+/g, ' ');
  expect(said).toContain('reaches redis3');
  expect(said).toContain('with small packets alone: large ones are lost on the way');
  expect(said).not.toContain('all ports open to every other host redis3');
  expectCode(await cli.run('check'), 0);
});

test('without it a stranger takes over slots, is given the password, and is critical at once', async () => {
  // As Redis comes: a master without slots becomes a replica of the node that took them.
  const config = { maxmemory: '128mb', 'cluster-allow-replica-migration': 'yes' };
  await inventory({ firewall: { external: true }, config });
  expectCode(await cli.run('provision'), 0);
  expect(await tables('redis1')).toEqual([]);
  await meet();
  await until(async () => expect(await nodesOf('redis2')).toContain(':7777@'));
  expect(await findings()).toContainEqual(
    expect.objectContaining({ id: 'WR-NODE-UNKNOWN', severity: 'critical' }),
  );
  const client = lab.host('client');
  await client.run(`${listener(client.address, 7777)}
id=$(redis-cli -h ${client.address} -p 7000 CLUSTER MYID)
{ echo MULTI; for slot in $(seq 0 5460); do echo "CLUSTER SETSLOT $slot NODE $id"; done; echo EXEC; } | redis-cli -h ${client.address} -p 7000 >/dev/null
redis-cli -h ${client.address} -p 7000 CLUSTER BUMPEPOCH`);
  await until(async () => expect(await client.run('cat /tmp/caught')).toContain(password));
});

test('destroy leaves nothing of it', async () => {
  await inventory(managed());
  await cli.run('destroy', '--confirm', 'lab');
  for (const { name } of lab.hosts.slice(0, 3)) {
    expect(await tables(name)).toEqual([]);
    expect(await lab.host(name).run('find /etc /usr/local -name "*weedgo-redis-firewall*"')).toBe('');
  }
});

/** The stranger's own server asks every host's first node to let it in. */
async function meet(): Promise<void> {
  const client = lab.host('client');
  await client.run(`systemctl is-active -q stranger || {
  mkdir -p /tmp/stranger
  systemd-run -q --unit=stranger -p WorkingDirectory=/tmp/stranger redis-server --port 7000 --bind ${client.address} \\
    --protected-mode no --cluster-enabled yes --cluster-announce-port 7777
  until redis-cli -h ${client.address} -p 7000 PING | grep -q PONG; do sleep 0.05; done
}
redis-cli -h ${client.address} -p 7000 CLUSTER MEET ${lab.host('redis2').address} 7001 17001
# A handshake is given up after cluster-node-timeout, 15 s; one that succeeds takes less than a second.
sleep 3`);
}

const nodesOf = (name: string): Promise<string> => {
  const host = lab.host(name);
  return host.run(
    `read -r REDISCLI_AUTH; export REDISCLI_AUTH; redis-cli -h ${host.address} -p 7001 CLUSTER NODES`,
    { input: `${password}\n` },
  );
};

const tables = async (name: string): Promise<readonly string[]> =>
  (await lab.host(name).run('nft list tables'))
    .split('\n')
    .flatMap((line) => /^table inet (weedgo-redis-.*)$/.exec(line)?.[1] ?? []);
