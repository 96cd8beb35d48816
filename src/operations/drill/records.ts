import { access, constants, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import { RefusedError } from '../../base/errors.ts';
import type { Inventory } from '../../inventory/inventory.ts';
import { messageOf } from '../../base/message-of.ts';

const recordSchema = z.object({
  schemaVersion: z.literal(1),
  /** ISO 8601, when the master went. */
  at: z.string(),
  by: z.string(),
  cluster: z.string(),
  how: z.enum(['kill', 'stop']),
  shard: z.int(),
  from: z.string(),
  to: z.string(),
  /** Version of the server, as INFO says it. */
  version: z.string(),
  nodeTimeoutMs: z.number(),
  suspectedMs: z.number().optional(),
  detectedMs: z.number().optional(),
  promotedMs: z.number(),
  recoveredMs: z.number(),
  /** What the application sees: the longest time without an acknowledged write. */
  longestGapMs: z.number(),
  acknowledged: z.int(),
  lost: z.int(),
  errors: z.record(z.string(), z.int()),
});

/** What one drill measured; times in ms since the master went. */
export type DrillRecord = Readonly<z.infer<typeof recordSchema>>;

/** Where the drills of an inventory are kept. */
const drillFolder = (inventory: Inventory): string => join(dirname(inventory.file), 'drills');

/** Throws RefusedError where no record could be kept: that is better known before a master is killed. */
export async function demandFolder(inventory: Inventory): Promise<void> {
  const folder = drillFolder(inventory);
  try {
    await mkdir(folder, { recursive: true });
    await access(folder, constants.W_OK);
  } catch (cause) {
    throw new RefusedError(`no record of the drill could be kept: ${messageOf(cause)}`, {
      cause,
      hints: [`Make ${folder} a folder that can be written to.`],
    });
  }
}

/** Writes one file; resolves to its path. Names sort by date. */
export async function writeRecord(inventory: Inventory, record: DrillRecord): Promise<string> {
  const folder = drillFolder(inventory);
  const file = join(folder, `${inventory.cluster}-${record.at.replaceAll(':', '').slice(0, 17)}Z.json`);
  await writeFile(file, `${JSON.stringify(record, null, 2)}\n`, { flag: 'wx' });
  return file;
}

/** All records of this cluster, oldest first. Files that are none of ours are left out. */
export async function readRecords(inventory: Inventory): Promise<readonly DrillRecord[]> {
  const folder = drillFolder(inventory);
  const names = await readdir(folder).catch(() => []);
  const records = await Promise.all(
    names
      .filter((name) => name.startsWith(`${inventory.cluster}-`) && name.endsWith('.json'))
      .map(async (name) => parseRecord(await readFile(join(folder, name), 'utf8'))),
  );
  return records
    .filter((record) => record !== undefined)
    .filter(({ cluster }) => cluster === inventory.cluster)
    .toSorted((one, other) => (one.at < other.at ? -1 : 1));
}

function parseRecord(text: string): DrillRecord | undefined {
  try {
    return recordSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
