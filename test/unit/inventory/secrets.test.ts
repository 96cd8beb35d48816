import { execFileSync, spawn } from 'node:child_process';
import { chmod, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { UsageError } from '../../../src/base/errors.ts';
import type { Inventory } from '../../../src/inventory/inventory.ts';
import { keepSecret, newSecret } from '../../../src/inventory/keep-secret.ts';
import { parseInventory } from '../../../src/inventory/load.ts';
import type { SecretSource } from '../../../src/inventory/schema.ts';
import { notYetGenerated, resolveSecret, resolveSecrets } from '../../../src/inventory/secrets.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weedgo-secrets-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Resolves to what is shown of a command's stderr. */
async function told(script: string): Promise<string> {
  let text = '';
  const show = (part: string): void => void (text += part);
  const secret = await resolveSecret(
    { command: ['sh', '-c', `${script}; echo secret`] },
    { inventory: inventoryWith('{ password: { env: NONE } }'), path: ['auth'], show },
  );
  expect(secret).toBe('secret');
  return text;
}

describe('sources', () => {
  test('an environment variable', async () => {
    process.env['WEEDGO_TEST_SECRET'] = ' pass word "$HOME" ';
    expect(await resolve({ env: 'WEEDGO_TEST_SECRET' })).toBe(' pass word "$HOME" ');
  });

  test("a file's first line, beside the inventory", async () => {
    await writeFile(join(folder, 'secret'), 'first\r\nsecond\n', { mode: 0o600 });
    expect(await resolve({ file: 'secret' })).toBe('first');
  });

  test("a command's first line, run without a shell in the inventory's folder", async () => {
    expect(await resolve({ command: ['printf', '%s\n%s\n', '$HOME `id`', 'more'] })).toBe('$HOME `id`');
    await writeFile(join(folder, 'tool'), '#!/bin/sh\necho from-tool\n', { mode: 0o700 });
    expect(await resolve({ command: ['./tool'] })).toBe('from-tool');
  });

  test("a command's questions and errors are passed on without what acts on a terminal, up to a bound", async () => {
    expect(await told(String.raw`printf 'Passphrase: \033[2J\033]0;x\007\303\251\342\200\256' >&2`)).toBe(
      String.raw`Passphrase: \x1b[2J\x1b]0;x\x07é\u202e`,
    );
    const flood = await told('head -c 200000 /dev/zero | tr "\\0" e >&2');
    expect(flood.length).toBeLessThan(70_000);
    expect(flood).toContain('(it printed more than 64');
    // What it leaves behind, such as an agent, keeps the pipe open.
    expect(await told('sleep 60 >/dev/null & echo left >&2')).toBe('left\n');
  });

  test('only the first line is read, of a file of gigabytes as well and of a pipe', async () => {
    const large = join(folder, 'large');
    await writeFile(large, 'first\n', { mode: 0o600 });
    await truncate(large, 3 * 1024 ** 3);
    expect(await resolve({ file: 'large' })).toBe('first');
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', ['-m', '600', pipe]);
    const writer = spawn('sh', ['-c', 'exec 3>"$1"; echo piped >&3; exec sleep 60', 'sh', pipe]);
    expect(await resolve({ file: 'pipe' })).toBe('piped');
    writer.kill();
  });

  test('what has no end is refused, naming what it is', async () => {
    const endless = join(folder, 'endless');
    await writeFile(endless, '', { mode: 0o600 });
    await truncate(endless, 3 * 1024 ** 3);
    await expect(resolve({ file: 'endless' })).rejects.toThrow(/first line is longer than 64/);
    await expect(resolve({ file: '/dev/zero' })).rejects.toThrow('/dev/zero is neither a file nor a pipe');
    await expect(resolve({ file: '.' })).rejects.toThrow('is neither a file nor a pipe');
    await expect(resolve({ command: ['cat', '/dev/zero'] })).rejects.toThrow(
      /the command cat .*printed more than 64/,
    );
  });

  test('a generated file that is not there is not made by reading it', async () => {
    const source = { generate: 'made/deep/password' };
    expect(await resolve(source)).toBe(notYetGenerated);
    await expect(stat(join(folder, 'made'))).rejects.toThrow('ENOENT');
  });

  test('a generated secret is kept once, for its owner alone, and never over another', async () => {
    const file = join(folder, 'made/deep/password');
    const secret = newSecret();
    expect(Buffer.from(secret, 'base64url')).toHaveLength(32);
    expect(await keepSecret(file, secret)).toBe('written');
    expect(await resolve({ generate: 'made/deep/password' })).toBe(secret);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await stat(join(folder, 'made/deep'))).mode & 0o777).toBe(0o700);
    expect(await keepSecret(file, secret)).toBe('same');
    expect(await keepSecret(file, newSecret())).toBe('another');
    expect(await readFile(file, 'utf8')).toBe(`${secret}\n`);
    expect(await readdir(join(folder, 'made/deep'))).toEqual(['password']);
  });

  test('of ten runs that keep one at once, one does', async () => {
    const file = join(folder, 'race');
    const kept = await Promise.all(Array.from({ length: 10 }, () => keepSecret(file, newSecret())));
    expect(kept.toSorted()).toEqual([...Array.from({ length: 9 }, () => 'another'), 'written']);
  });
});

describe('a secret that cannot be had is a problem of the inventory', () => {
  const cases: readonly (readonly [name: string, source: SecretSource, message: string])[] = [
    ['not set', { env: 'WEEDGO_TEST_UNSET' }, '$WEEDGO_TEST_UNSET is not set'],
    ['no file', { file: 'none' }, 'the secret cannot be read: ENOENT'],
    ['empty', { command: ['true'] }, 'the secret of the command true is empty'],
    ['failing', { command: ['false'] }, 'the command false failed (1)'],
    [
      'no program',
      { command: ['weedgo-no-such-program'] },
      'the command weedgo-no-such-program cannot be run',
    ],
    ['too long', { command: ['printf', '%0600d', '1'] }, 'is 600 bytes long; Redis takes at most 512'],
    ['NUL', { command: ['printf', 'a\\000b'] }, 'holds a line break or a NUL character'],
    ['not text', { command: ['printf', '\\377\\376'] }, 'the secret is not UTF-8 text'],
  ];
  test.each(cases)('%s', async (_name, source, message) => {
    await expect(resolve(source)).rejects.toThrow(message);
    await expect(resolve(source)).rejects.toBeInstanceOf(UsageError);
  });

  test('a line break in a variable', async () => {
    process.env['WEEDGO_TEST_SECRET'] = 'one\ntwo';
    await expect(resolve({ env: 'WEEDGO_TEST_SECRET' })).rejects.toThrow('line break');
  });

  test('a file that everybody can read', async () => {
    await writeFile(join(folder, 'open'), 'swordfish\n');
    await chmod(join(folder, 'open'), 0o644);
    const failure = await resolve({ file: 'open' }).catch((error: unknown) => error);
    expect(String(failure)).toContain(`run: chmod 600 ${folder}/open`);
    expect(String(failure)).not.toContain('swordfish');
  });

  test('all missing ones at once, each at its place', async () => {
    const inventory = inventoryWith(
      '{ password: { env: WEEDGO_TEST_UNSET }, application: { user: app, password: { file: none } } }',
    );
    const failure: unknown = await resolveSecrets(inventory).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(UsageError);
    expect(String(failure)).toMatch(/inventory\.yaml:2:19: auth\.password: \$WEEDGO_TEST_UNSET is not set/);
    expect(String(failure)).toMatch(
      /inventory\.yaml:2:83: auth\.application\.password: the secret cannot be read/,
    );
  });
});

test('an inventory without passwords has none', async () => {
  const secrets = await resolveSecrets(inventoryWith('{}'));
  expect(secrets).toEqual({ password: undefined, application: undefined });
});

function resolve(source: SecretSource): Promise<string> {
  return resolveSecret(source, { inventory: inventoryWith('{}'), path: ['auth', 'password'] });
}

function inventoryWith(auth: string): Inventory {
  const text = [
    'cluster: test',
    `auth: ${auth}`,
    'connection: local',
    'antiAffinity: none',
    'hosts: [{ name: local, address: 127.0.0.1, ports: [7000, 7001, 7002, 7003, 7004, 7005] }]',
  ].join('\n');
  return parseInventory(text, join(folder, 'inventory.yaml'));
}
