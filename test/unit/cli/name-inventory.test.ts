import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { nameInventory, nameInventoryIn } from '../../../src/cli/name-inventory.ts';

test('a command in a text gets the inventory that this one was run with', () => {
  const text =
    'Afterwards: weedgo-redis undrain a; `weedgo-redis -i /x.yaml verify`, weedgo-redis is a program.';
  expect(nameInventory(text, '/etc/prod.yaml')).toBe(
    'Afterwards: weedgo-redis -i /etc/prod.yaml undrain a; `weedgo-redis -i /x.yaml verify`, weedgo-redis is a program.',
  );
  expect(nameInventory('weedgo-redis start', 'my file.yaml')).toBe(
    `weedgo-redis -i '${resolve('my file.yaml')}' start`,
  );
  expect(nameInventory(text, undefined)).toBe(text);
  expect(nameInventoryIn({ error: { hints: ['Run weedgo-redis plan.'] } }, '/a.yaml')).toEqual({
    error: { hints: ['Run weedgo-redis -i /a.yaml plan.'] },
  });
});
