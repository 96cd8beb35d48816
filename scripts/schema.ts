/** Writes schema/inventory.schema.json from the inventory's schema; `--check` fails when the file is stale. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { inventorySchema } from '../src/inventory/schema.ts';

const file = join(import.meta.dirname, '../schema/inventory.schema.json');
const schema = z.toJSONSchema(inventorySchema, { io: 'input', target: 'draft-7' });
const text = `${JSON.stringify({ title: 'weedgo-redis inventory', ...schema }, null, 2)}\n`;

if (!process.argv.includes('--check')) {
  await writeFile(file, text);
} else if ((await readFile(file, 'utf8').catch(() => '')) !== text) {
  console.error('schema/inventory.schema.json is stale: npm run schema');
  process.exitCode = 1;
}
