import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';

const folder = join(import.meta.dirname, '../integration');

test('tests that boot hosts, and only those, are named lab-….test.ts: without hosts they are left out', () => {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const tests = files.filter((file) => file.endsWith('.test.ts'));
  const named = tests.filter((file) => basename(file).startsWith('lab-'));
  const booting = tests.filter((file) => /\bcreate\w*Lab\(/.test(readFileSync(join(folder, file), 'utf8')));
  expect(booting).toEqual(named);
  expect(named).not.toEqual([]);
});
