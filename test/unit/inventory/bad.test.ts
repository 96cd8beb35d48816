import { readdirSync } from 'node:fs';
import { rm, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../../src/base/errors.ts';
import { loadInventory } from '../../../src/inventory/load.ts';

const folder = join(import.meta.dirname, '../../fixtures/inventory/bad');
const cases = readdirSync(folder).filter((name) => name.endsWith('.yaml'));

/** A new case is a new NAME.yaml: `vitest run -u` writes its NAME.txt, which is then read and judged. */
describe('a bad inventory is refused with all its problems, each at its place', () => {
  test.each(cases)('%s', async (name) => {
    const problems = await problemsOf(join(folder, name));
    await expect(problems).toMatchFileSnapshot(join(folder, name.replace(/yaml$/, 'txt')));
  });
});

test('a file that is not there, a folder, a file that is too large', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'weedgo-inventory-'));
  expect(await problemsOf(join(directory, 'none.yaml'))).toBe('none.yaml: there is no such inventory\n');
  expect(await problemsOf(directory)).toMatch(/: this is a folder; name the inventory file in it\n$/);
  await rm(directory, { recursive: true });
});

async function problemsOf(file: string): Promise<string> {
  try {
    await loadInventory(file);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    expect(error.problems.every((problem) => problem.file === file)).toBe(true);
    return `${error.message.replaceAll(file, basename(file))}\n`;
  }
  throw new Error(`${file} was accepted`);
}
