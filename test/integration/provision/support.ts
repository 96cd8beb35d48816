import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { lstat, readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { expect } from 'vitest';
import { processesBelow } from '../../support/cli.ts';
import type { CliResult } from '../../support/cli.ts';

/**
 * The inventory of nodes on 127.0.0.1, half of them replicas, with a password that the first provision makes.
 */
export function localNodes(ports: readonly number[], over: object = {}): object {
  return {
    cluster: 'test',
    connection: 'local',
    antiAffinity: 'none',
    production: false,
    auth: { password: { generate: '~/redis.password' } },
    hosts: [{ name: 'local', address: '127.0.0.1', ports }],
    ...over,
  };
}

export const portsFrom = (first: number, count = 6): readonly number[] =>
  Array.from({ length: count }, (_, index) => first + index);

export const passwordIn = async (home: string): Promise<string> =>
  (await readFile(join(home, 'redis.password'), 'utf8')).trim();

/** redis-cli on 127.0.0.1, its password in the environment. */
export function redisCli(
  password: string | undefined,
  args: readonly string[],
): Promise<{ readonly code: number; readonly output: string }> {
  const env = { ...process.env, ...(password !== undefined && { REDISCLI_AUTH: password }) };
  return new Promise((resolve) => {
    execFile('redis-cli', args, { env, timeout: 60_000 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
      resolve({ code, output: stdout + stderr });
    });
  });
}

/** The independent judge: `redis-cli --cluster check` of the node on this port finds nothing wrong. */
export async function expectSound(port: number, password: string | undefined, nodes = 6): Promise<void> {
  const { code, output: colored } = await redisCli(password, ['--cluster', 'check', `127.0.0.1:${port}`]);
  const output = stripVTControlCharacters(colored);
  expect(output).toContain('[OK] All nodes agree about slots configuration.');
  expect(output).toContain('[OK] All 16384 slots covered.');
  expect(output.match(/^[MS]: /gm)).toHaveLength(nodes);
  expect(output).not.toMatch(/\[(ERR|WARNING)\]/);
  expect(code).toBe(0);
}

/** What a node answers to CONFIG GET *, by name. */
export async function configOf(port: number, password: string | undefined): Promise<Record<string, string>> {
  const { output } = await redisCli(password, ['-p', String(port), '--json', 'CONFIG', 'GET', '*']);
  return JSON.parse(output) as Record<string, string>;
}

export const configsOf = (
  ports: readonly number[],
  password: string | undefined,
): Promise<readonly Record<string, string>[]> => Promise.all(ports.map((port) => configOf(port, password)));

/**
 * Everything below a folder by path: kind, mode, owner, modification time and what is in it. Left out is what
 * the tool keeps of its own runs.
 */
export async function listingOf(dir: string): Promise<Readonly<Record<string, string>>> {
  const paths = await readdir(dir, { recursive: true });
  const entries = await Promise.all(
    paths
      .toSorted()
      .map((path) => join(dir, path))
      .filter((path) => !relative(dir, path).split('/').includes('.operations'))
      .filter((path) => relative(dir, path) !== 'weedgo-redis')
      .map(async (path) => [relative(dir, path), await describeEntry(path)] as const),
  );
  return Object.fromEntries(entries);
}

async function describeEntry(path: string): Promise<string> {
  const { mode, uid, mtimeMs } = await lstat(path);
  const about = `${mode.toString(8)} ${uid} ${mtimeMs}`;
  if ((mode & 0o170000) !== 0o100000) return about;
  return `${about} ${createHash('sha256')
    .update(await readFile(path))
    .digest('hex')}`;
}

/** The listing once servers have come to rest: a forming is followed by rewrites in the background. */
export async function settledListingOf(dir: string): Promise<Readonly<Record<string, string>>> {
  let before = await listingOf(dir);
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const now = await listingOf(dir);
    if (JSON.stringify(now) === JSON.stringify(before)) return now;
    before = now;
  }
}

/** The servers that run below a folder: pid by data directory. */
export function serversOf(dir: string): Readonly<Record<string, number>> {
  return Object.fromEntries(
    processesBelow(dir)
      .filter((pid) => readFileSync(`/proc/${pid}/comm`, 'utf8').startsWith('redis-server'))
      .map((pid) => [readFileSync(`/proc/${pid}/cmdline`, 'utf8'), pid]),
  );
}

/** Fails with everything that was said unless the command ended so. */
export function expectCode({ code, stdout, stderr }: CliResult, expected: number): void {
  if (code !== expected) expect.fail(`exit ${code} instead of ${expected}\n${stdout}\n${stderr}`);
}
