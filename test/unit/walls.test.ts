import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');

/** ARCHITECTURE.md: which rooms a room may import from. `ssh/shell` is the type Shell. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  base: [],
  inventory: ['base'],
  ssh: ['base'],
  render: ['base', 'inventory'],
  host: ['base', 'inventory', 'render', 'ssh/shell'],
  cluster: ['base', 'inventory'],
  redis: ['base', 'inventory', 'cluster', 'ssh/shell'],
  checks: ['base', 'inventory', 'render', 'cluster', 'host'],
  report: ['base', 'inventory', 'cluster', 'checks'],
  session: ['base', 'inventory', 'ssh', 'ssh/shell', 'render', 'host', 'cluster', 'redis'],
  observation: [
    'base',
    'inventory',
    'ssh',
    'ssh/shell',
    'render',
    'host',
    'cluster',
    'redis',
    'checks',
    'session',
  ],
  failover: [
    'base',
    'inventory',
    'ssh',
    'ssh/shell',
    'render',
    'host',
    'cluster',
    'redis',
    'checks',
    'session',
    'observation',
  ],
  operations: [
    'base',
    'inventory',
    'ssh',
    'ssh/shell',
    'render',
    'host',
    'cluster',
    'redis',
    'checks',
    'session',
    'observation',
    'failover',
    'report',
  ],
  cli: ['base', 'inventory', 'checks', 'report', 'session', 'failover', 'operations'],
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

describe('only cli/output.ts writes', () => {
  const dir = mkdtempSync(join(tmpdir(), 'weedgo-writers-'));
  const statements: Readonly<Record<string, string>> = {
    stdout: "process.stdout.write('text');",
    stderr: "process.stderr.write('text');",
    taken: "const { stderr } = process;\nstderr.write('text');",
    indexed: "process['stdout'].write('text');",
    console: "console.log('text');",
    warning: "process.emitWarning('text');",
    ora: "import ora from 'ora';\n\nora('text').start();",
    tty: "import { WriteStream } from 'node:tty';\n\nnew WriteStream(1).write('text');",
    imported: "import { stdout } from 'node:process';\n\nstdout.write('text');",
  };
  afterAll(() => rmSync(dir, { recursive: true }));

  test('and the linter says so of everything else', () => {
    const files = Object.entries(statements).map(([name, text]) => [`src/cli/${name}.ts`, text] as const);
    copyFileSync(join(root, '.oxlintrc.json'), join(dir, '.oxlintrc.json'));
    mkdirSync(join(dir, 'src/cli'), { recursive: true });
    for (const [file, text] of [...files, ['src/cli/output.ts', statements['stdout'] ?? ''] as const])
      writeFileSync(join(dir, file), `${text}\n\nexport const used = 1;\n`);
    const rules = ['no-restricted-properties', 'no-restricted-imports', 'no-console'];
    expect([...lint(dir, rules)].toSorted()).toEqual(files.map(([file]) => file).toSorted());
  });
});

/** Files that the project's linter finds something in that one of the rules forbids. */
function lint(dir: string, rules: readonly string[] = ['no-restricted-imports']): ReadonlySet<string> {
  const oxlint = join(root, 'node_modules/.bin/oxlint');
  const { stdout } = spawnSync(oxlint, ['--format=json'], { cwd: dir, encoding: 'utf8' });
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: { filename: string; code: string }[] };
  const walls = diagnostics.filter(({ code }) => rules.some((rule) => code === `eslint(${rule})`));
  return new Set(walls.map(({ filename }) => filename));
}
