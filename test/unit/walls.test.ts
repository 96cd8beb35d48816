import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');

/** ARCHITECTURE.md: which rooms a room may import from. `ssh/shell` is the type Shell. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  inventory: [],
  ssh: [],
  render: ['inventory'],
  host: ['inventory', 'render', 'ssh/shell'],
  cluster: ['inventory'],
  redis: ['inventory', 'cluster', 'ssh/shell'],
  checks: ['inventory', 'render', 'cluster', 'host'],
  operations: ['inventory', 'ssh', 'ssh/shell', 'render', 'host', 'cluster', 'redis', 'checks'],
  cli: ['inventory', 'operations', 'checks'],
};

/** What is not ours and yet not for every room. */
const forbiddenPackages: Readonly<Record<string, readonly string[]>> = {
  cluster: ['node:fs', 'ssh2', 'ioredis'],
  checks: ['node:fs', 'ssh2', 'ioredis'],
  operations: ['commander', 'ora', 'picocolors'],
};

type Probe = {
  readonly file: string;
  readonly imported: string;
  readonly verdict: 'allowed' | 'forbidden';
};

const probes = Object.entries(mayImport).flatMap(([room, allowed]) => {
  const others = [...Object.keys(mayImport), 'ssh/shell'].filter((other) => other.split('/')[0] !== room);
  // A wall has to hold in a room's folders too, from where the way out is one step longer.
  const ways = ['', 'inner/'].flatMap((folder) =>
    others.map((other): Probe => {
      const target = other.includes('/') ? `${other}.ts` : `${other}/probed.ts`;
      return {
        file: `src/${room}/${folder}to-${other.replace('/', '-')}.ts`,
        imported: `${folder === '' ? '../' : '../../'}${target}`,
        verdict: allowed.includes(other) ? 'allowed' : 'forbidden',
      };
    }),
  );
  const packages = (forbiddenPackages[room] ?? []).map((name): Probe => ({
    file: `src/${room}/to-package-${name.replace(':', '-')}.ts`,
    imported: name,
    verdict: 'forbidden',
  }));
  return [...ways, ...packages];
});

describe('walls between the rooms', () => {
  const dir = mkdtempSync(join(tmpdir(), 'weedgo-walls-'));
  let flagged: ReadonlySet<string>;

  beforeAll(() => {
    copyFileSync(join(root, '.oxlintrc.json'), join(dir, '.oxlintrc.json'));
    for (const { file, imported } of probes) {
      mkdirSync(dirname(join(dir, file)), { recursive: true });
      const text = `import { probed } from '${imported}';\n\nexport const used = probed;\n`;
      writeFileSync(join(dir, file), text);
    }
    flagged = lint(dir);
  });
  afterAll(() => rmSync(dir, { recursive: true }));

  test.each(Object.keys(mayImport))('%s imports what it may, and nothing else', (room) => {
    const own = probes.filter(({ file }) => file.startsWith(`src/${room}/`));
    const found = own.map((probe) => ({
      ...probe,
      verdict: flagged.has(probe.file) ? 'forbidden' : 'allowed',
    }));
    expect(found).toEqual(own);
  });
});

/** Files that the project's linter finds a forbidden import in. */
function lint(dir: string): ReadonlySet<string> {
  const oxlint = join(root, 'node_modules/.bin/oxlint');
  const { stdout } = spawnSync(oxlint, ['--format=json'], { cwd: dir, encoding: 'utf8' });
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: { filename: string; code: string }[] };
  const walls = diagnostics.filter(({ code }) => code === 'eslint(no-restricted-imports)');
  return new Set(walls.map(({ filename }) => filename));
}
