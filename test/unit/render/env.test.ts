import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { parseEnv, promisify } from 'node:util';
import { assert, asyncProperty, string } from 'fast-check';
import { expect, test } from 'vitest';
import { UsageError } from '../../../src/base/errors.ts';
import { harmless } from '../../../src/base/harmless.ts';
import { loadInventory, parseInventory } from '../../../src/inventory/load.ts';
import { notYetGenerated } from '../../../src/inventory/secrets.ts';
import { renderEnv } from '../../../src/operations/env/env.ts';

const inventories = join(import.meta.dirname, '../../../inventories');
const none = { password: undefined, application: undefined };

test('the production of the guide, the password only where it is asked for', async () => {
  const inventory = await loadInventory(join(inventories, 'three-hosts.yaml'));
  expect(renderEnv(inventory, undefined).split('\n')).toEqual([
    '# weedgo-prod, written by weedgo-redis',
    'REDIS_HOST=192.168.1.10',
    'REDIS_PORT=7000',
    '# A cluster has database 0 alone',
    'REDIS_DB=0',
    'REDIS_USERNAME=weedgo',
    '# Printed by weedgo-redis env --show-secrets',
    '# REDIS_PASSWORD=',
    'REDIS_SSL=false',
    '# For a cluster client: it finds the others from any of them',
    'REDIS_CLUSTER_NODES=192.168.1.10:7000,192.168.1.11:7001,192.168.1.12:7002,192.168.1.10:7003,192.168.1.11:7004,192.168.1.12:7005',
  ]);
  const shown = parseEnv(renderEnv(inventory, { password: 'the operator', application: "the app's" }));
  expect(shown).toMatchObject({ REDIS_USERNAME: 'weedgo', REDIS_PASSWORD: "the app's" });
  expect(Object.values(shown).join()).not.toContain('operator');
});

test('a development server', async () => {
  const inventory = await loadInventory(join(inventories, 'standalone.yaml'));
  expect(parseEnv(renderEnv(inventory, { ...none, password: 'x' }))).toEqual({
    REDIS_HOST: '127.0.0.1',
    REDIS_PORT: '6379',
    REDIS_DB: '0',
    REDIS_PASSWORD: 'x',
    REDIS_SSL: 'false',
  });
});

test('a password that was not generated yet is not made up', async () => {
  const inventory = await loadInventory(join(inventories, 'standalone.yaml'));
  const env = parseEnv(renderEnv(inventory, { ...none, password: notYetGenerated }));
  expect(env).not.toHaveProperty('REDIS_PASSWORD');
});

test('no password, IPv6', () => {
  const inventory = parseInventory(
    'cluster: dev\nconnection: local\nantiAffinity: none\nhosts: [{ name: local, address: "::1", ports: [7000, 7001, 7002, 7003, 7004, 7005] }]',
    'dev.yaml',
  );
  const env = parseEnv(renderEnv(inventory, none));
  expect(env).toMatchObject({ REDIS_HOST: '::1', REDIS_PASSWORD: '' });
  expect(env['REDIS_CLUSTER_NODES']).toMatch(/^\[::1\]:7000,\[::1\]:7001,/);
});

test('a password is read back by Node and by a shell, or refused', async () => {
  const inventory = await loadInventory(join(inventories, 'local.yaml'));
  const run = promisify(execFile);
  let written = 0;
  await assert(
    asyncProperty(string({ unit: 'grapheme', minLength: 1 }), async (password) => {
      if (/[\0\r\n]/.test(password)) return;
      let text = '';
      try {
        text = renderEnv(inventory, { ...none, password });
      } catch (error) {
        expect(error).toBeInstanceOf(UsageError);
        // Marks that a terminal acts on are refused as well.
        if (harmless(password) === password) expect(password).toMatch(/['"\\$`]/);
        return;
      }
      written += 1;
      expect(parseEnv(text)['REDIS_PASSWORD']).toBe(password);
      const { stdout } = await run('sh', ['-c', `${text}\nprintf %s "$REDIS_PASSWORD"`]);
      expect(stdout).toBe(password);
    }),
    { numRuns: 150 },
  );
  expect(written).toBeGreaterThan(75);
});
