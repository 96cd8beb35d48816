import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { Finding } from '../../../src/checks/check.ts';
import { runChecks, worstFirst } from '../../../src/checks/run.ts';
import type { Inventory } from '../../../src/inventory/inventory.ts';
import { inputOf, readCase } from '../../support/check-case.ts';
import { faultOfRemedy } from '../../support/remedy-lines.ts';

const folder = fileURLToPath(new URL('../../fixtures/checks/', import.meta.url));
const cases = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.yaml'),
);

test.each(cases)('%s', (file) => {
  const scene = readCase(folder + file);
  const input = inputOf(scene);
  const all = worstFirst(runChecks(input));
  const found = all.filter(({ explainedBy }) => explainedBy === undefined);
  expect(found.map(({ id }) => id)).toEqual(scene.expect.map(({ id }) => id));
  expect(found.flatMap((finding) => faultsOf(finding, input.inventory))).toEqual([]);
  for (const [cause, ids] of Object.entries(scene.causes ?? {})) {
    expect(all.filter(({ explainedBy }) => explainedBy?.id === cause).map(({ id }) => id)).toEqual(ids);
  }
  for (const [index, wanted] of scene.expect.entries()) {
    const { seen, title, ...exact } = wanted;
    expect(found[index]).toMatchObject(exact);
    for (const [field, part] of Object.entries({ seen, title })) {
      if (part !== undefined) expect(found[index]).toHaveProperty(field, expect.stringContaining(part));
    }
  }
});

test('every finding has a fixture', () => {
  const sources = new URL('../../../src/checks/', import.meta.url);
  const code = readdirSync(sources, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(new URL(file, sources), 'utf8'));
  const ids = new Set(code.join('').match(/(?<=')WR-[A-Z-]+(?=')/g));
  const shown = new Set(
    cases
      .map((file) => readCase(folder + file))
      .flatMap(({ expect: causes, causes: following }) => [
        ...causes.map(({ id }) => id),
        ...Object.values(following ?? {}).flat(),
      ]),
  );
  // A report that could hold it always holds its cause, and it adds nothing to that.
  const never = 'WR-SLOTS-UNSERVED';
  expect([...ids].filter((id) => !shown.has(id) && id !== never)).toEqual([]);
});

/** Every line under fix can be pasted, or is for a person; only what passes by itself needs none. */
function faultsOf({ id, remedy, passing }: Finding, inventory: Inventory): readonly string[] {
  if (remedy.length === 0) return passing === true ? [] : [`${id}: nothing under fix`];
  return remedy.flatMap((line) => {
    const fault = faultOfRemedy(line, inventory);
    return fault === undefined ? [] : [`${id}: ${line}: ${fault}`];
  });
}
