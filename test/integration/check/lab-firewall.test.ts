import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Lab } from '../../lab/lab.ts';
import type { Cli } from '../../support/cli.ts';
import { expectCode } from '../provision/support.ts';
import {
  createFirewallLab,
  createLabCli,
  inventoryOf,
  reached,
  reachedBy,
  rulesOf,
  switchOn,
} from './firewalled-lab.ts';

let lab: Lab;
let cli: Cli;
let theirs: readonly string[];
let ownAddress: string;
let otherClient: string;
let stranger: string;

beforeAll(async () => {
  lab = await createFirewallLab();
  await switchOn(lab);
  theirs = await rulesOf(lab);
  cli = await createLabCli(lab);
  ownAddress = lab.host('client').address;
  otherClient = ownAddress.replace(/\d+$/, '98');
  stranger = ownAddress.replace(/\d+$/, '99');
});
afterAll(async () => {
  await cli?.close();
  await lab?.close();
});

const manage = (...clients: readonly string[]): Promise<void> =>
  cli.setInventory(inventoryOf(lab, { firewall: { manage: true, clients } }));

const clientPorts = [
  'redis1:7000',
  'redis1:7003',
  'redis2:7001',
  'redis2:7004',
  'redis3:7002',
  'redis3:7005',
];

test('check says what provision will open, and that nothing stands in the way', async () => {
  await manage(ownAddress, otherClient);
  const check = await cli.run('check');
  expectCode(check, 0);
  expect(check.stdout).toContain('ufw; provision opens it for redis2, redis3,');
  expect(check.stdout).toContain('firewalld (zone public); provision opens it for redis1, redis3,');
  expect(check.stdout).toContain('nftables (inet filter input); provision opens it for redis1, redis2,');
});

test('provision lets in the hosts and the clients that are named, nobody else, and the cluster forms', async () => {
  expectCode(await cli.run('provision'), 0);
  expect(await reached(lab)).toEqual(clientPorts);
  expect(await reached(lab, otherClient)).toEqual(clientPorts);
  expect(await reached(lab, stranger)).toEqual([]);
});

test('users of a host whose firewall lets it through reach no bus port, and all of its node ports', async () => {
  const [one = '', two = '', three = ''] = lab.hosts.map(({ address }) => address);
  const bus = ['127.0.0.1:17000', `${one}:17003`, `${two}:17001`, `${three}:17002`];
  const nodes = ['127.0.0.1:7000', `${one}:7003`, `${two}:7001`, `${three}:7002`];
  const host = lab.host('redis1');
  expect(await reachedBy(host, 'nobody', [...bus, ...nodes])).toEqual(nodes);
  expect(await reachedBy(host, 'redis', bus)).toEqual(bus);
  await host.run('nft delete table inet weedgo-redis-prod');
  expect(await reachedBy(host, 'nobody', bus)).toEqual(bus);
  const verify = await cli.run('verify');
  expect(verify.stdout).toContain('any user of redis1 reaches the bus ports of the cluster');
  expect(verify.stdout).not.toContain('open to anyone');
  expectCode(await cli.run('provision'), 0);
  expect(await reachedBy(host, 'nobody', bus)).toEqual([]);
});

test('then there is nothing left to do, and check finds nothing', async () => {
  expectCode(await cli.run('plan', '--exit-code'), 0);
  const check = await cli.run('check');
  expectCode(check, 0);
  expect(check.stdout.match(/lets in the peers and clients/g)).toHaveLength(3);
  expect(check.stdout.match(/all ports open to every other host/g)).toHaveLength(3);
});

test('a client that is taken out of the inventory is let in no more; nothing else changes', async () => {
  await manage(ownAddress);
  const planned = await cli.run('--json', 'plan');
  expectCode(planned, 0);
  const plan = JSON.parse(planned.stdout) as {
    readonly hosts: readonly { readonly steps: readonly { readonly step: string }[] }[];
  };
  const steps = plan.hosts.flatMap((host) => host.steps.map(({ step }) => step));
  expect(steps.filter((step) => !step.includes('weedgo-redis-firewall-prod'))).toEqual([
    `no longer let in through ufw: ${otherClient} to 7000, 7003`,
    `no longer let in through firewalld (zone public): ${otherClient} to 7001, 7004`,
    `no longer let in through nftables (inet filter input): ${otherClient} to 7002, 7005`,
  ]);
  expectCode(await cli.run('provision'), 0);
  expect(await reached(lab)).toEqual(clientPorts);
  expect(await reached(lab, otherClient)).toEqual([]);
  const now = await rulesOf(lab);
  for (const rules of now) expect(rules).toContain('10.1.1.1');
});

test('a rule that somebody took away comes back, and whoever loads nftables anew takes none away', async () => {
  await lab.host('redis1').run(`ufw delete allow proto tcp from ${ownAddress} to any port 7000,7003`);
  await lab.host('redis2').run('firewall-cmd --reload');
  await lab.host('redis3').run('systemctl reload nftables && systemctl restart nftables');
  const plan = await cli.run('plan');
  expectCode(plan, 0);
  expect(plan.stdout.match(/let in through/g)).toHaveLength(1);
  expect(plan.stdout).toContain(`let in through ufw: ${ownAddress} to 7000, 7003`);
  expectCode(await cli.run('provision'), 0);
  expect(await reached(lab)).toEqual(clientPorts);
});

test('all of it survives a reboot', async () => {
  await Promise.all(lab.hosts.slice(0, 3).map((host) => host.reboot()));
  // Waits until every node sees the whole cluster.
  expectCode(await cli.run('start'), 0);
  expectCode(await cli.run('plan', '--exit-code'), 0);
  expect(await reached(lab)).toEqual(clientPorts);
  expect(await reached(lab, stranger)).toEqual([]);
  for (const host of lab.hosts.slice(0, 3)) {
    expect(await reachedBy(host, 'nobody', [`${lab.host('redis2').address}:17001`])).toEqual([]);
  }
});

test('destroy of half of the nodes leaves the packet filters to the other half', async () => {
  const half = lab.hosts
    .slice(0, 3)
    .map(({ name, address }, index) => ({ name, address, ports: [7003 + index] }));
  await cli.setInventory(inventoryOf(lab, { replicas: 0, hosts: half }));
  const destroyed = await cli.run('destroy', '--confirm', 'prod');
  expectCode(destroyed, 0);
  expect(destroyed.stderr.match(/the packet filter rules of prod stay for its other nodes/g)).toHaveLength(3);
  expect(await reached(lab)).toEqual(['redis1:7000', 'redis2:7001', 'redis3:7002']);
  const bus = [`${lab.host('redis2').address}:17001`];
  for (const host of lab.hosts.slice(0, 3)) expect(await reachedBy(host, 'nobody', bus)).toEqual([]);
  await manage(ownAddress);
});

test('destroy takes away all that is ours and nothing of theirs', async () => {
  expectCode(await cli.run('destroy', '--confirm', 'prod'), 0);
  expect(await rulesOf(lab)).toEqual(theirs);
  for (const host of lab.hosts.slice(0, 3)) {
    expect(await host.run('nft list tables')).not.toContain('weedgo-redis');
  }
  expect(await lab.host('redis3').run('find /etc /usr/local -name "*weedgo*"')).toBe('');
});
