import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { applyScript } from '../../../src/host/apply.ts';
import { factsScript } from '../../../src/host/facts/read.ts';
import { factNames } from '../../../src/host/facts/registry.ts';
import type { Gate } from '../../../src/host/gate.ts';
import { untilObservation } from '../../../src/host/plan.ts';
import { StepFailedError } from '../../../src/host/step-failure.ts';
import { createStepLog } from '../../../src/host/step-log.ts';
import { describeStep, type HostStep } from '../../../src/host/step.ts';
import type { Service } from '../../../src/host/service.ts';
import { isAcceptable } from '../../../src/host/version.ts';
import { startStep } from '../../support/start-step.ts';

const unit = (port: number): Service => ({
  manager: 'systemd',
  node: `redis1:${port}`,
  unit: `weedgo-redis@${port}.service`,
  port,
  logFile: `/var/log/weedgo-redis/redis@${port}/redis.log`,
  serviceUser: 'redis',
});
const daemon: Service = {
  manager: 'daemon',
  node: 'local:7000',
  configFile: "/home/it's/redis.conf",
  pidFile: '/home/x/redis.pid',
  dataDirectory: '/home/x/data',
  port: 7000,
  logFile: '/home/x/redis.log',
  serverPath: '/usr/bin/redis-server',
};
/** Nothing lies in its folder, so it may be started. */
function cleared(service: Service): Extract<HostStep, { kind: 'start-service' }> {
  return startStep(service, {
    node: {
      id: service.node,
      host: 'redis1',
      zone: undefined,
      address: '10.0.0.1',
      port: service.port,
      busPort: service.port + 10_000,
      preferredRole: 'master',
      shard: 1,
    },
    configFile: '/etc/redis/redis.conf',
    dataDirectory: '/var/lib/redis/7000',
    logFile: service.logFile,
    service: { manager: 'daemon', pidFile: '/run/redis.pid' },
  });
}

const directory = { path: '/var/lib/weedgo-redis/redis@7000', mode: '0750', owner: 'redis', group: 'redis' };

const rules = [
  { source: '10.0.0.5', ports: ['7000', '17000'] },
  { source: 'fd00::/64', ports: ['7000'] },
];
const gates: readonly Gate[] = [
  { tool: 'ufw' },
  { tool: 'firewalld', zone: 'public' },
  { tool: 'nft', family: 'inet', table: 'filter', chain: 'input' },
  { tool: 'iptables', program: 'iptables-legacy' },
];

/** One of each kind, so that a new kind is missing here until its script is written. */
const samples: { readonly [Kind in HostStep['kind']]: readonly Extract<HostStep, { kind: Kind }>[] } = {
  'refresh-packages': [
    { kind: 'refresh-packages', manager: 'apt', packages: ['redis-server'] },
    { kind: 'refresh-packages', manager: 'dnf', packages: ['redis-server'] },
    { kind: 'refresh-packages', manager: 'zypper', packages: ['redis-server'] },
  ],
  'install-packages': [
    { kind: 'install-packages', manager: 'apt', packages: ['redis-server', 'redis-tools'] },
    { kind: 'install-packages', manager: 'dnf', packages: ['redis'] },
    { kind: 'install-packages', manager: 'zypper', packages: ['redis'] },
  ],
  'mask-unit': [{ kind: 'mask-unit', unit: 'redis-server.service', why: 'it is in the way' }],
  'make-directory': [{ kind: 'make-directory', directory }],
  'write-file': [
    {
      kind: 'write-file',
      file: {
        ...directory,
        path: "/etc/it's.conf",
        content: 'requirepass "hunter2-hunter2"\n',
        secret: true,
      },
      before: undefined,
    },
  ],
  'remove-path': [
    { kind: 'remove-path', path: '/var/lib/weedgo-redis/redis@7000', recursive: true, why: 'data' },
  ],
  'set-aside': [
    {
      kind: 'set-aside',
      directory: '/var/lib/redis/7000',
      into: 'aside-20260102T030405Z',
      keep: ['nodes.conf'],
      owner: 'redis',
    },
    { kind: 'set-aside', directory: "/it's/7000", into: 'aside-1', keep: [], owner: undefined },
  ],
  'move-data': [
    {
      kind: 'move-data',
      from: '/var/lib/redis/7000',
      to: '/var/lib/weedgo-redis/redis@7000',
      owner: 'redis',
    },
  ],
  'own-data': [{ kind: 'own-data', directory: '/var/lib/redis/7000', owner: 'redis' }],
  'reload-units': [{ kind: 'reload-units' }, { kind: 'reload-units', units: ["it's@7000.service"] }],
  'apply-sysctl': [{ kind: 'apply-sysctl', settings: [{ key: 'vm.overcommit_memory', value: 1 }] }],
  'set-transparent-hugepages': [{ kind: 'set-transparent-hugepages', value: 'madvise' }],
  'start-service': [cleared(unit(7000)), cleared(unit(7003)), cleared(daemon)],
  'enable-service': [
    { kind: 'enable-service', service: unit(7000) },
    { kind: 'enable-service', service: daemon },
  ],
  'stop-service': [
    { kind: 'stop-service', service: unit(7000) },
    { kind: 'stop-service', service: unit(7003) },
    { kind: 'stop-service', service: daemon },
  ],
  'fence-service': [
    { kind: 'fence-service', service: unit(7000) },
    { kind: 'fence-service', service: daemon },
  ],
  'disable-service': [
    { kind: 'disable-service', service: unit(7000) },
    { kind: 'disable-service', service: daemon },
  ],
  'open-ports': gates.map((gate) => ({ kind: 'open-ports', gate, mark: "weedgo-redis it's", rules })),
  'close-ports': gates.map((gate) => ({ kind: 'close-ports', gate, mark: "weedgo-redis it's", rules })),
  'limit-ports': [
    {
      kind: 'limit-ports',
      limit: {
        cluster: 'prod',
        ports: ['7000', '17000'],
        allowed: [
          { source: '10.0.0.5', ports: ['7000', '17000'] },
          { source: '10.0.0.0/8', ports: ['7000'] },
          { source: 'fd00::/64', ports: ['7000'] },
        ],
        senders: {
          users: [
            { name: 'root', uid: 0 },
            { name: 'redis', uid: undefined },
          ],
          own: ['17000'],
          targets: [
            { address: '10.0.0.4', ports: ['17000'] },
            { address: 'fd00::5', ports: ['17000', '17003'] },
          ],
        },
      },
    },
  ],
  'unlimit-ports': [{ kind: 'unlimit-ports', cluster: 'prod' }],
  'enable-unit': [{ kind: 'enable-unit', unit: 'weedgo-redis-firewall-prod.service' }],
  'disable-unit': [{ kind: 'disable-unit', unit: 'weedgo-redis-firewall-prod.service' }],
};
const all: readonly HostStep[] = Object.values(samples).flat();

test.each(['sh', 'bash'])('every script is one that %s can read', (shell) => {
  const context = {
    server: 'redis',
    serviceUser: 'redis',
    files: ["/etc/it's"],
    directories: ['/var/lib/weedgo-redis'],
    disks: ['/var/lib/weedgo-redis'],
    units: ['weedgo-redis@7000.service'],
    distributionUnits: ['redis-server.service'],
    address: "it's",
    ports: [7000],
    nodes: [
      { node: 'a', dataDirectory: '/d', logFile: '/d/log', unit: 'weedgo-redis@7000.service' },
      { node: 'b', dataDirectory: "/it's", logFile: "/it's/log", pidFile: "/it's.pid" },
    ],
    askPackages: true,
  } as const;
  for (const input of [applyScript(all, 'MARKER'), factsScript('MARKER', factNames, context)]) {
    execFileSync(shell, ['-n'], { input });
  }
});

test('no description of a step holds a secret, and each is one line', () => {
  for (const line of all.map(describeStep)) expect(line).not.toMatch(/hunter2|\n/);
});

test('a script has no content of a file in the clear, where an error could quote it', () => {
  expect(applyScript(all, 'MARKER')).not.toContain('hunter2');
});

test('units that start are started in one go, before the first is waited for', () => {
  const starts = applyScript(samples['start-service'].slice(0, 2), 'MARKER');
  expect(starts.match(/systemctl start .*/g)).toEqual([
    "systemctl start --no-block 'weedgo-redis@7000.service' 'weedgo-redis@7003.service'",
    'systemctl start "$unit" || :; fi',
    'systemctl start "$unit" || :; fi',
  ]);
});

test('a plan is followed up to where it has to be made again', () => {
  const plan: readonly HostStep[] = [
    { kind: 'refresh-packages', manager: 'apt', packages: ['redis-server'] },
    ...samples['mask-unit'],
    { kind: 'install-packages', manager: 'apt', packages: ['redis-server'] },
    { kind: 'reload-units' },
  ];
  expect(untilObservation(plan)).toEqual(plan.slice(0, 1));
  expect(untilObservation(plan.slice(1))).toEqual(plan.slice(1, 3));
  expect(untilObservation(plan.slice(3))).toEqual(plan.slice(3));
});

test('a host that is lost leaves an account of what it had done', () => {
  const steps = all.slice(0, 4);
  const told: string[] = [];
  const log = createStepLog(steps, 'M', {
    onPid: (pid) => told.push(`pid ${pid}`),
    onWait: (message) => told.push(`waits: ${message}`),
    onStep: (step, state) => told.push(`${state} ${step.kind}`),
  });
  for (const line of [
    'M pid 17',
    'M begin 0',
    'Hit:1',
    '',
    'M end 0 0',
    'M begin 1',
    'M begin to',
    'M wait redis1:7000 does not end yet',
    'Unpacking',
  ]) {
    log.onLine(line);
  }
  expect(told).toEqual([
    'pid 17',
    'started refresh-packages',
    'done refresh-packages',
    'started refresh-packages',
    'waits: redis1:7000 does not end yet',
  ]);
  const error = new StepFailedError('redis1', log.state());
  expect(error).toMatchObject({ done: [steps[0]], failed: [steps[1]], notDone: steps.slice(2) });
  expect(error.message).toBe('redis1: "refresh the package lists (dnf)" was cut short');
});

test('which versions will do', () => {
  expect(isAcceptable('7.0.15', '>=7.0')).toBe(true);
  expect(isAcceptable('6.2', '>=6.2')).toBe(true);
  expect(isAcceptable('6.0.16', '>=5')).toBe(false);
  expect(isAcceptable('8.0', '>=7.0 <8')).toBe(false);
  expect(isAcceptable('nonsense', '*')).toBe(false);
});
