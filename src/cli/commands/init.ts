import { resolve } from 'node:path';
import {
  askInventory,
  buildInventory,
  parseInitHost,
  resolveInitHosts,
  writeInventory,
} from '../../operations/init/init.ts';
import { packageFile } from '../../base/package-file.ts';
import type { CommandRun, Invocation } from '../command.ts';

export const run: CommandRun = async (invocation) => {
  const { cluster, hosts } = await wanted(invocation);
  const { output } = invocation.options;
  const file = resolve(typeof output === 'string' ? output : 'weedgo-redis.yaml');
  const text = buildInventory({ cluster, hosts: await resolveInitHosts(hosts), schema: schemaUrl });
  await writeInventory(file, text);
  const next = `Read it, then: weedgo-redis -i ${file} plan`;
  return { data: { ok: true, file }, text: `Wrote ${file}.\n${next}` };
};

/** Editors complete the inventory from the schema that came with this installation. */
const schemaUrl = packageFile('schema/inventory.schema.json').pathname;

async function wanted({ options, prompter }: Invocation) {
  const named = typeof options['cluster'] === 'string' ? options['cluster'] : undefined;
  const given = Array.isArray(options['host']) ? options['host'].map(String) : [];
  if (given.length === 0) return askInventory(prompter, { cluster: named });
  return { cluster: named ?? 'weedgo-redis', hosts: given.map(parseInitHost) };
}
