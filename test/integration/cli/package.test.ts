import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync, mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = join(import.meta.dirname, '../../..');
const dir = mkdtempSync(join(tmpdir(), 'weedgo-package-'));
const env = { PATH: process.env['PATH'] ?? '', HOME: dir, XDG_STATE_HOME: join(dir, 'state') };
const ports = [17_760, 17_761, 17_762, 17_763, 17_764, 17_765];

function run(command: string, args: readonly string[], cwd: string) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, env, encoding: 'utf8' });
  return { status, stdout, stderr };
}

const installed = join(dir, 'app/node_modules/weedgo-redis');
const weedgo = (...args: readonly string[]) =>
  run(
    process.execPath,
    [join(installed, 'bin/weedgo-redis.js'), '-i', join(dir, 'local.json'), ...args],
    dir,
  );

beforeAll(() => {
  // The project's own files alone, without what was built there: packing has to make that.
  const source = join(dir, 'source');
  mkdirSync(source);
  const tracked = run('git', ['-c', `safe.directory=${root}`, 'ls-files', '-z'], root).stdout;
  const top = new Set(
    tracked
      .split('\0')
      .filter(Boolean)
      .map((file) => file.split('/')[0] ?? ''),
  );
  for (const name of top) spawnSync('cp', ['-a', join(root, name), source]);
  symlinkSync(join(root, 'node_modules'), join(source, 'node_modules'));
  expect(existsSync(join(source, 'dist'))).toBe(false);
  const packed = run('npm', ['pack', '--offline', '--pack-destination', dir], source);
  if (packed.status !== 0) throw new Error(packed.stderr);
  const tarball = readdirSync(dir).find((name) => name.endsWith('.tgz'));
  // As npm installs it, without a network: the archive, and beside it what its package.json depends on.
  mkdirSync(installed, { recursive: true });
  expect(
    run('tar', ['-xzf', join(dir, tarball ?? ''), '--strip-components=1', '-C', installed], dir).status,
  ).toBe(0);
  const listed = run('npm', ['ls', '--omit=dev', '--all', '--parseable'], root)
    .stdout.trim()
    .split('\n')
    .slice(1);
  for (const path of listed) {
    const target = join(dir, 'app', path.slice(path.indexOf('node_modules')));
    if (!existsSync(target)) {
      mkdirSync(join(target, '..'), { recursive: true });
      spawnSync('cp', ['-a', path, target]);
    }
  }
  writeFileSync(
    join(dir, 'local.json'),
    JSON.stringify({
      cluster: 'packed',
      connection: 'local',
      production: false,
      antiAffinity: 'none',
      auth: {},
      hosts: [{ name: 'local', address: '127.0.0.1', ports }],
    }),
  );
});

afterAll(() => {
  weedgo('destroy', '--confirm', 'packed');
  rmSync(dir, { recursive: true, force: true });
});

test('the archive holds what was built and what it needs, and no sources', () => {
  expect(readdirSync(installed).toSorted()).toEqual([
    'LICENSE',
    'README.md',
    'bin',
    'dist',
    'docs',
    'inventories',
    'package.json',
    'schema',
    'templates',
  ]);
  expect(readdirSync(join(installed, 'docs'))).toEqual(['weedgo-redis.1']);
  expect(existsSync(join(installed, 'dist/main.js'))).toBe(true);
});

test("the demo's commands work from it", () => {
  expect(weedgo('--version')).toMatchObject({ status: 0, stdout: '0.1.0\n' });
  for (const args of [['provision'], ['verify', '--fail-on', 'critical'], ['status'], ['env']]) {
    const result = weedgo(...args);
    expect(result, args.join(' ')).toMatchObject({ status: 0 });
    expect(result.stderr).not.toContain('internal error');
  }
});
