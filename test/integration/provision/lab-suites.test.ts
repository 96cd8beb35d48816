import { expect, test } from 'vitest';
import { createLab } from '../../lab/lab.ts';
import { createLabCli, expectSoundOn, listingOn } from './lab-support.ts';
import { expectCode } from './support.ts';

const hosts = ['redis1', 'redis2', 'redis3'];

test('Debian 13, with Redis 8 and OpenSSH 10: from bare hosts to a cluster, and nothing to do then', async () => {
  const lab = await createLab({ hosts, suite: 'trixie' });
  const cli = await createLabCli(lab);
  try {
    const provisioned = await cli.run('provision');
    expectCode(provisioned, 0);
    expect(provisioned.stdout).toMatch(/Version 8\.\d/);
    for (const [index, host] of lab.hosts.entries()) await expectSoundOn(host, 7000 + index);
    expectCode(await cli.run('plan', '--exit-code'), 0);
  } finally {
    await cli.close();
    await lab.close();
  }
});

test('Debian 11, with Redis 6.0: refused by name, on every host, with nothing configured', async () => {
  const lab = await createLab({ hosts, suite: 'bullseye', redis: 'installed' });
  const cli = await createLabCli(lab);
  try {
    const before = await Promise.all(lab.hosts.map(listingOn));
    const failed = await cli.run('provision');
    expectCode(failed, 1);
    for (const name of hosts) expect(failed.stderr).toMatch(new RegExp(`${name} has redis-server 6\\.0\\.`));
    expect(await Promise.all(lab.hosts.map(listingOn))).toEqual(before);
  } finally {
    await cli.close();
    await lab.close();
  }
});
