import { afterAll, beforeAll, expect, test } from 'vitest';
import { createLab, type Lab, type LabHost } from '../../lab/lab.ts';
import { until } from '../../support/until.ts';
import { createLabScene, type LabScene, seeAndFixScene } from './lab-support.ts';

let lab: Lab;
let scene: LabScene;
const host = (name: string): LabHost => lab.host(name);

beforeAll(async () => {
  lab = await createLab({ hosts: ['redis1', 'redis2', 'redis3'], redis: 'installed' });
  scene = await createLabScene(lab);
});

afterAll(async () => {
  await scene?.cli.close();
  await lab?.close();
});

const unit = 'weedgo-redis@7004';
const folder = '/var/lib/weedgo-redis/redis@7004';

test('files of root after a look by hand', async () => {
  await host('redis2').run(
    `systemctl stop ${unit} && chown -R root:root ${folder}/nodes.conf ${folder}/appendonlydir`,
  );
  await host('redis2').exec(`systemctl start ${unit}`);
  const { findings } = await seeAndFixScene(scene, ['WR-DATA-OWNER']);
  expect(findings[0]).toMatchObject({ severity: 'critical', seen: expect.stringContaining('nodes.conf') });
  expect(findings[0]?.remedy).toEqual([expect.stringMatching(/ provision$/)]);
  expect(await host('redis2').run(`find ${folder} ! -user redis`)).toBe('');
});

test('a log that root began, as a server writes it that somebody ran by hand', async () => {
  const log = '/var/log/weedgo-redis/redis@7004/redis.log';
  await host('redis2').run(`systemctl stop ${unit} && chown root:root ${log} && chmod 600 ${log}`);
  await host('redis2').exec(`systemctl start ${unit}`);
  // Else it depends on the moment whether systemd or provision starts it.
  await host('redis2').run(`systemctl stop ${unit}`);
  const { findings } = await seeAndFixScene(scene, ['WR-DATA-OWNER']);
  expect(findings[0]).toMatchObject({ severity: 'critical', seen: expect.stringContaining('redis.log') });
});

test('a configuration that the server may not read: one finding, whose remedy ends it', async () => {
  const file = '/etc/weedgo-redis/redis-7004.conf';
  await host('redis2').run(`systemctl stop ${unit} && chown root:root ${file} && chmod 600 ${file}`);
  await host('redis2').exec(`systemctl start ${unit}`);
  const { findings } = await seeAndFixScene(scene, ['WR-FILE-MODE']);
  expect(findings[0]).toMatchObject({ severity: 'critical', nodes: ['redis2:7004'] });
});

test('a drop-in that systemd cannot do: its reason is named, and start says it too', async () => {
  const dropIn = `/etc/systemd/system/${unit}.service.d/paths.conf`;
  await host('redis2').run(`systemctl stop ${unit} && mkdir -p ${dropIn.replace('/paths.conf', '')}
    printf '[Service]\\nBindPaths=/srv/nothing\\n' >${dropIn} && systemctl daemon-reload`);
  await host('redis2').exec(`systemctl start ${unit}`);
  const started = await scene.cli.run('start');
  expect(started).toMatchObject({ code: 1, stderr: expect.stringContaining('exit code 226') });
  expect(started.stderr).toContain(dropIn);
  const { findings } = await seeAndFixScene(scene, ['WR-NODE-DOWN'], {
    byHand: () => host('redis2').run(`rm ${dropIn}`),
  });
  expect(findings[0]?.seen).toMatch(/\(exit code 226\).*paths\.conf changes its unit/);
});

test('a host cut off from the others, which have elected in its place: one finding', async () => {
  const [one, ...others] = lab.hosts;
  if (!one) throw new Error('the lab has no host');
  const unblock = await Promise.all([
    ...[7000, 7003, 17_000, 17_003].flatMap((port) =>
      others.map((peer) => one.block({ peer, port, direction: 'in' })),
    ),
    ...[7001, 7002, 7004, 7005, 17_001, 17_002, 17_004, 17_005].flatMap((port) =>
      others.map((peer) => one.block({ peer, port, direction: 'out' })),
    ),
  ]);
  await until(async () => {
    const { stdout } = await scene.cli.run('--json', 'call', 'redis1:7000', 'CLUSTER', 'INFO');
    expect(stdout).toContain('cluster_state:fail');
    const heir = await scene.cli.run('--json', 'call', 'redis2:7004', 'ROLE');
    expect(heir.stdout).toContain('master');
  });
  const provisioned = await scene.cli.run('provision');
  expect(provisioned).toMatchObject({
    code: 4,
    stderr: expect.stringContaining('redis1 is cut off from redis2 and redis3'),
  });
  const { findings } = await seeAndFixScene(scene, ['WR-PARTITIONED'], {
    byHand: () => Promise.all(unblock.map((end) => end())),
    later: [['WR-HOST-LOSS']],
  });
  expect(findings[0]).toMatchObject({
    title: 'redis1 is cut off from redis2 and redis3',
    remedy: [
      expect.stringMatching(/^# save what only redis1:7000 has of slots 0-5460/),
      expect.stringMatching(/ check$/),
      expect.stringMatching(/^# let through/),
    ],
  });
});

test('a masked unit: what would start or await it says so at once', async () => {
  await host('redis2').run(`systemctl stop ${unit} && systemctl --quiet mask ${unit}`);
  for (const [command, code] of [
    [['start'], 1],
    [['provision'], 1],
    [['undrain', 'redis2'], 4],
    [['restart', 'redis2:7004'], 4],
  ] as const) {
    const ended = await scene.cli.run('--yes', ...command);
    expect(ended, ended.stderr).toMatchObject({ code, stderr: expect.stringContaining('is masked') });
    expect(ended.stderr).toContain(`systemctl unmask ${unit}`);
  }
  const { findings } = await seeAndFixScene(scene, ['WR-NODE-DOWN']);
  expect(findings[0]?.seen).toContain('is masked');
});

test('a drop-in that takes away what the unit promises', async () => {
  const dropIn = `/etc/systemd/system/${unit}.service.d/override.conf`;
  await host('redis2').run(`mkdir -p ${dropIn.replace('/override.conf', '')}
    printf '[Service]\\nRestart=no\\nTimeoutStartSec=5\\nLimitNOFILE=300\\nMemoryMax=60M\\n' >${dropIn}
    systemctl daemon-reload && systemctl restart ${unit}`);
  await scene.untilInfo('redis2:7004', 'master_link_status:up');
  const provisioned = await scene.cli.run('provision');
  expect(provisioned, provisioned.stderr).toMatchObject({
    code: 0,
    stderr: expect.stringContaining(`take LimitNOFILE out of ${dropIn}`),
  });
  const { findings } = await seeAndFixScene(scene, ['WR-UNIT-OVERRIDDEN'], {
    byHand: () => host('redis2').run(`rm ${dropIn}`),
  });
  expect(findings[0]).toMatchObject({
    seen: `${dropIn}: Restart=no, TimeoutStartSec=5s, LimitNOFILE=300, MemoryMax=62914560`,
    nodes: ['redis2:7004'],
  });
});

test('a password that was taken away: the node turns everybody away until it has one again', async () => {
  await scene.redis('redis2:7004', 'CONFIG', 'SET', 'requirepass', '');
  const { findings } = await seeAndFixScene(scene, ['WR-AUTH-MISSING'], {
    // What was turned away stays counted.
    later: [['WR-CLIENTS-REJECTED']],
  });
  expect(findings[0]).toMatchObject({ severity: 'critical', nodes: ['redis2:7004'] });
});

test('a server that crashed: its report is named', async () => {
  const pid = (await host('redis2').run(`systemctl show -p MainPID --value ${unit}`)).trim();
  // 0 would be the process group of whoever sends the signal.
  expect(pid).toMatch(/^[1-9]\d*$/);
  await host('redis2').run(`kill -SEGV ${pid}`);
  await until(async () =>
    expect(await host('redis2').run(`systemctl show -p NRestarts --value ${unit}`)).not.toBe('0\n'),
  );
  await scene.untilInfo('redis2:7004', 'master_link_status:up');
  const { findings } = await seeAndFixScene(scene, ['WR-RESTARTS']);
  const log = /its report is in (\S+)/.exec(findings[0]?.remedy.join('\n') ?? '')?.[1] ?? '';
  expect(await host('redis2').run(`grep -c 'crashed by signal: 11' ${log}`)).toBe('1\n');
});
