import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

/** Servers of tests that boot no host share this machine, and several files run at once. */
const folder = join(import.meta.dirname, '../integration');
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
  (file) => file.endsWith('.ts') && !file.includes('lab'),
);

/** Ports as tests write them: 17_700, or six from the one that `portsFrom` is given. Names hold some without _. */
function portsOf(file: string): readonly number[] {
  const text = readFileSync(join(folder, file), 'utf8');
  const numbers = (pattern: RegExp): readonly number[] =>
    [...text.matchAll(pattern)].map(([, port = '']) => Number(port.replace('_', '')));
  return [
    ...numbers(/\b(1[6-9]_\d{3})\b/g),
    ...numbers(/portsFrom\((\d{2}_\d{3})\)/g).flatMap((first) => [0, 1, 2, 3, 4, 5].map((n) => first + n)),
  ];
}

test('no two files of tests use the same port', () => {
  const users = new Map<number, Set<string>>();
  for (const file of files)
    for (const port of portsOf(file)) users.set(port, (users.get(port) ?? new Set()).add(file));
  const shared = [...users].filter(([, names]) => names.size > 1);
  expect(shared.map(([port, names]) => `${port}: ${[...names].join(', ')}`)).toEqual([]);
});
