import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { runChecks, worstFirst } from '../../../src/checks/run.ts';
import { inputOf, readCase } from '../../support/check-case.ts';

const folder = fileURLToPath(new URL('../../fixtures/checks/', import.meta.url));
const cases = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.yaml'));

test.each(cases)('%s', (file) => {
  const scene = readCase(folder + file);
  const found = worstFirst(runChecks(inputOf(scene)));
  expect(found.map(({ id }) => id)).toEqual(scene.expect.map(({ id }) => id));
  for (const [index, wanted] of scene.expect.entries()) {
    const { seen, title, ...exact } = wanted;
    expect(found[index]).toMatchObject(exact);
    for (const [field, part] of Object.entries({ seen, title })) {
      if (part !== undefined) expect(found[index]).toHaveProperty(field, expect.stringContaining(String(part)));
    }
  }
});
