import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadInventory, parseInventory } from '../../../src/inventory/load.ts';
import { renderComposeFiles, renderFiles } from '../../../src/operations/render/render.ts';

const inventories = join(import.meta.dirname, '../../../inventories');
let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weedgo-write-'));
});
afterEach(() => rm(folder, { recursive: true }));

test('every file of every host, passwords masked so that no server starts with the mask', async () => {
  const inventory = await loadInventory(join(inventories, 'three-hosts.yaml'));
  const { files, masked } = await renderFiles({ inventory, directory: folder, showSecrets: false });
  expect(masked).toBe(true);
  expect(files).toHaveLength(24);
  expect(files.filter((file) => file.startsWith(join(folder, 'redis2/')))).toHaveLength(8);
  const conf = join(folder, 'redis1/etc/weedgo-redis/redis-7000.conf');
  expect(await readFile(conf, 'utf8')).toMatch(/^requirepass "\*\*\*" "masked: /m);
  expect(await readFile(conf, 'utf8')).not.toMatch(/#[0-9a-f]{64}/);
  const { stdout } = await promisify(execFile)('redis-server', [conf]).catch((error: unknown) => ({
    stdout: String(error),
  }));
  expect(stdout).toContain('FATAL CONFIG FILE ERROR');
});

test('real passwords when they are asked for, in files for their owner alone', async () => {
  const text = [
    'cluster: dev',
    'connection: local',
    'antiAffinity: none',
    'auth: { password: { generate: secret } }',
    'hosts: [{ name: local, address: 127.0.0.1, ports: [7000, 7001, 7002, 7003, 7004, 7005] }]',
  ].join('\n');
  const inventory = parseInventory(text, join(folder, 'dev.yaml'));
  const request = { inventory, directory: join(folder, 'out'), showSecrets: true };
  // Rendering cannot know whether the hosts have a password already: it makes none.
  await expect(renderFiles(request)).rejects.toThrow('there is no secret to write');
  const secret = 'written-by-hand';
  await writeFile(join(folder, 'secret'), `${secret}\n`, { mode: 0o600 });
  const { files, masked } = await renderFiles(request);
  expect(masked).toBe(false);
  for (const file of files) {
    expect(await readFile(file, 'utf8')).toContain(`requirepass "${secret}"`);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  }
  expect((await renderFiles(request)).files).toEqual(files);
});

test('compose is for one server', async () => {
  const standalone = await loadInventory(join(inventories, 'standalone.yaml'));
  const { files } = await renderComposeFiles({ inventory: standalone, directory: folder });
  expect(files).toEqual([join(folder, 'docker-compose.yml'), join(folder, 'redis.conf')]);
  const inventory = await loadInventory(join(inventories, 'local.yaml'));
  await expect(renderComposeFiles({ inventory, directory: folder })).rejects.toThrow('mode: cluster');
});

test('a folder that cannot be written to is said by name', async () => {
  await writeFile(join(folder, 'file'), '');
  const inventory = await loadInventory(join(inventories, 'local.yaml'));
  const request = { inventory, directory: join(folder, 'file'), showSecrets: false };
  await expect(renderFiles(request)).rejects.toThrow(`cannot write ${folder}/file/local/`);
});
