import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fillTemplate } from '../../../src/render/template.ts';

/**
 * The unit's guard reads redis.conf with a shell. Its folder has a snapshot and no append-only files: with
 * `appendonly yes` it must refuse, with `no` it must not. What the server makes of the same lines is asked of
 * a real one.
 */
const accepted: readonly (readonly [lines: string, reads: 'yes' | 'no'])[] = [
  ['appendonly yes', 'yes'],
  ['appendonly YES', 'yes'],
  ['appendonly "Yes"', 'yes'],
  ["appendonly 'yes'", 'yes'],
  ['\tappendonly \t yes \t', 'yes'],
  ['AppendOnly yes\r', 'yes'],
  ['appendonly no\nappendonly yes', 'yes'],
  ['appendonly yes\nAPPENDONLY "NO"', 'no'],
  ['# appendonly yes', 'no'],
  ['appendonly no', 'no'],
];
const refused: readonly (readonly [lines: string, why: string])[] = [
  ['"appendonly" yes', 'a directive whose name is in quotes'],
  ['appendonly "\\x79es"', 'the value of appendonly in'],
  ['include other.conf', 'includes other files'],
  ['\tInclude "other.conf"', 'includes other files'],
  ['dbfilename other.rdb', 'has dbfilename other.rdb, not dump.rdb'],
];

let root: string;

async function guard(lines: string): Promise<{ readonly code: number; readonly output: string }> {
  const conf = join(root, 'redis.conf');
  await writeFile(conf, `dir "${root}"\n${lines}\n`);
  return new Promise((resolve) => {
    const args = [join(root, 'guard.sh'), userInfo().username, conf, '7000', 'judge'];
    execFile('timeout', ['10', '/bin/sh', ...args], (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), output: stdout + stderr });
    });
  });
}

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'weedgo-redis-guard-'));
  await writeFile(join(root, 'guard.sh'), fillTemplate('start-guard.sh', { header: '#' }));
  await writeFile(join(root, 'dump.rdb'), 'REDIS0010 and some keys');
});
afterAll(() => rm(root, { recursive: true, force: true }));

test.each(accepted)('%j is read as the server reads it', async (lines, reads) => {
  const { code, output } = await guard(lines);
  expect(output).toContain(reads === 'yes' ? 'with appendonly yes it reads append-only files' : '');
  expect(code).toBe(reads === 'yes' ? 1 : 0);
});

test.each(refused)('%j is refused', async (lines, why) => {
  const { code, output } = await guard(lines);
  expect(output).toContain(why);
  expect(code).toBe(1);
});

describe('a master of slots without a file', () => {
  const id = '0123456789012345678901234567890123456789';
  beforeAll(async () => {
    await rm(join(root, 'dump.rdb'));
    await writeFile(
      join(root, 'nodes.conf'),
      `${id} 10.0.0.1:7000@17000 myself,master - 0 0 1 connected 0-5460\n`,
    );
  });

  test.each([
    ['appendonly no\nsave 900 1', 1],
    ['appendonly no\nSAVE\t"900" "1"', 1],
    ['appendonly no\nsave ""\nsave 60 1', 1],
    ['appendonly no', 1],
    ['appendonly no\nsave ""', 0],
    ["appendonly no\nsave 900 1\nsave ''", 0],
  ] as const)('%j', async (lines, expected) => {
    expect((await guard(lines)).code).toBe(expected);
  });
});

describe('a nodes.conf that knows no other node', () => {
  const id = '0123456789012345678901234567890123456789';
  const alone = `${id} 10.0.0.1:7000@17000 myself,master - 0 0 1 connected\nvars currentEpoch 5 lastVoteEpoch 0\n`;
  const other = `1${id.slice(1)} 10.0.0.2:7000@17000 master - 0 0 1 connected 0-16383\n`;

  test.each([
    ['with data, as CLUSTER RESET leaves it', alone, 'x'.repeat(300), 1],
    ['without a key, as a new node has it', alone, 'x'.repeat(88), 0],
    ['or does know one', alone + other, 'x'.repeat(300), 0],
  ] as const)('%s', async (_, nodes, base, expected) => {
    const folder = join(root, 'appendonlydir');
    await mkdir(folder);
    await writeFile(join(folder, 'appendonly.aof.manifest'), 'file appendonly.aof.1.base.rdb seq 1 type b\n');
    await writeFile(join(folder, 'appendonly.aof.1.base.rdb'), base);
    await writeFile(join(root, 'nodes.conf'), nodes);
    const { code, output } = await guard('appendonly yes');
    await rm(folder, { recursive: true });
    expect(output).toContain(expected === 1 ? 'knows no other node' : '');
    expect(code).toBe(expected);
  });
});

describe('append-only files that no manifest names', () => {
  const named = 'file appendonly.aof.1.base.rdb seq 1 type b\nfile appendonly.aof.2.incr.aof seq 2 type i\n';

  test.each([
    ['of a newer copy than the manifest', named, 'appendonly.aof.3.incr.aof', 1],
    ['empty, as a server has just made it', named, 'appendonly.aof.3.incr.aof', 0],
    ['of a set that was replaced', named, 'appendonly.aof.1.incr.aof', 0],
    ['and there is none', undefined, 'appendonly.aof.1.incr.aof', 1],
  ] as const)('%s', async (about, manifest, name, expected) => {
    const folder = join(root, 'appendonlydir');
    await mkdir(folder);
    if (manifest !== undefined) {
      await writeFile(join(folder, 'appendonly.aof.manifest'), manifest);
      await writeFile(join(folder, 'appendonly.aof.2.incr.aof'), 'writes');
    }
    await writeFile(join(folder, name), about.startsWith('empty') ? '' : 'writes');
    const { code, output } = await guard('appendonly yes');
    await rm(folder, { recursive: true });
    expect(output).toContain(expected === 1 ? 'append-only files' : '');
    expect(code).toBe(expected);
  });
});

describe('what is not a file', () => {
  test.each(['dump.rdb', 'appendonly.aof', 'nodes.conf'])('a pipe named %s is refused', async (name) => {
    const path = join(root, name);
    await rename(path, `${path}.aside`).catch(() => {});
    await pipe(path);
    const { code, output } = await guard('appendonly yes');
    await rm(path);
    await rename(`${path}.aside`, path).catch(() => {});
    expect(output).toContain(`${path} cannot be read by`);
    expect(code).toBe(1);
  });
});

describe('the server itself', () => {
  test('says the same of every line', async () => {
    const found: string[] = [];
    for (const [index, [lines]] of accepted.entries()) {
      const folder = join(root, `server-${index}`);
      await mkdir(folder);
      await writeFile(join(folder, 'redis.conf'), `dir "${folder}"\n${lines}\n`);
      found.push(await appendOnlyOf(folder));
    }
    expect(found).toEqual(accepted.map(([, reads]) => reads));
  });
});

const pipe = (path: string): Promise<void> =>
  new Promise((resolve, reject) => {
    execFile('mkfifo', [path], (error) => (error ? reject(error) : resolve()));
  });

/** Starts a server with this folder's configuration on a socket there, and asks it. */
async function appendOnlyOf(folder: string): Promise<string> {
  const socket = join(folder, 's');
  const line = `redis-server redis.conf --port 0 --unixsocket ${socket} --save '' >/dev/null &
pid=$!
until redis-cli -s ${socket} PING >/dev/null 2>&1; do kill -0 $pid || exit 1; sleep 0.05; done
redis-cli -s ${socket} CONFIG GET appendonly | tail -n 1
kill -KILL $pid`;
  return new Promise((resolve, reject) => {
    execFile('/bin/sh', ['-c', line], { cwd: folder, timeout: 30_000 }, (error, stdout) => {
      if (error) reject(error);
      else resolve(stdout.trim());
    });
  });
}
