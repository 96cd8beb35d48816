/** Writes the JSON Schemas in schema/ from the zod schemas; `--check` fails when one of them is stale. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { inventorySchema } from '../src/inventory/schema.ts';
import { verifyDocumentSchema } from '../src/report/schema.ts';

const schemas = {
  'inventory.schema.json': ['weedgo-redis inventory', inventorySchema],
  'verify.schema.json': ['weedgo-redis verify --json', verifyDocumentSchema],
} as const;

for (const [name, [title, schema]] of Object.entries(schemas)) {
  const file = join(import.meta.dirname, '../schema', name);
  // As read by others: what a later version adds is no error to them.
  const json = z.toJSONSchema(schema, { io: 'input', target: 'draft-7' });
  const text = `${JSON.stringify({ title, ...json }, null, 2)}\n`;
  if (!process.argv.includes('--check')) {
    await writeFile(file, text);
  } else if ((await readFile(file, 'utf8').catch(() => '')) !== text) {
    console.error(`schema/${name} is stale: npm run schema`);
    process.exitCode = 1;
  }
}
