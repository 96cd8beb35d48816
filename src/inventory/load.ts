import { readAtMost } from '../base/read-at-most.ts';
import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { UsageError } from '../base/errors.ts';
import type { Problem } from '../base/errors.ts';
import { messageOf } from '../base/message-of.ts';
import { readDraft } from './draft.ts';
import type { Draft } from './draft.ts';
import type { Fault } from './fault.ts';
import type { Inventory } from './inventory.ts';
import { explainIssues } from './issues.ts';
import { rememberSource } from './locate.ts';
import { inventorySchema } from './schema.ts';
import type { InventoryDocument } from './schema.ts';
import { formatPath, parseSource } from './source.ts';
import type { Source } from './source.ts';
import { buildTopology, placeDocument } from './topology.ts';
import type { PlacedNode } from './placement.ts';
import { validate } from './validate.ts';

/** Larger files are no inventories: a thousand nodes take about 100 KiB. */
const largest = 1 << 20;

/** Reads and validates an inventory. Throws UsageError with every problem at its place; contacts no host. */
export async function loadInventory(file: string): Promise<Inventory> {
  return parseInventory(await readInventory(file), file);
}

/** The same for text that was read already; `file` is for messages and relative paths. Pure. */
export function parseInventory(text: string, file: string): Inventory {
  const source = parseSource(text, file);
  if (source.value === null || typeof source.value !== 'object' || Array.isArray(source.value)) {
    throw problemsAt(source, [{ path: [], message: whatInstead(source.value) }]);
  }
  const parsed = inventorySchema.safeParse(source.value);
  const draft = readDraft(source.value);
  const faults = [...explainIssues(parsed.error?.issues ?? [], source), ...validate(draft)];
  if (parsed.data === undefined || faults.length > 0) throw problemsAt(source, faults);
  const document = { ...parsed.data, replicas: replicasOf(parsed.data, draft) };
  const placed = place(document);
  if ('fault' in placed) throw problemsAt(source, [placed.fault]);
  const inventory = buildInventory(document, placed.nodes, { text, file });
  rememberSource(inventory, source);
  return inventory;
}

async function readInventory(file: string): Promise<string> {
  try {
    const bytes = await readAtMost(file, largest);
    if (bytes.length > largest)
      throw new UsageError([{ file, message: 'this is not an inventory: it is larger than 1 MiB' }]);
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    if (cause instanceof UsageError) throw cause;
    throw new UsageError([{ file, message: whyUnreadable(cause) }], {
      hints: ['weedgo-redis init writes an inventory; -i FILE or WEEDGO_REDIS_INVENTORY names another'],
      cause,
    });
  }
}

function whyUnreadable(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'there is no such inventory';
  if (code === 'EISDIR') return 'this is a folder; name the inventory file in it';
  if (code === 'EACCES') return 'the inventory may not be read';
  if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') return 'not an inventory: it is not UTF-8 text';
  return `the inventory cannot be read: ${messageOf(cause)}`;
}

function whatInstead(value: unknown): string {
  const example = 'begin with "cluster: NAME" and "hosts:"';
  if (value === null || value === undefined) return `the inventory is empty; ${example}`;
  return `an inventory is a mapping of keys to values; ${example}`;
}

/** A standalone server has no replicas; the schema's default is a cluster's. */
function replicasOf(document: InventoryDocument, draft: Draft): number {
  return document.mode === 'standalone' && draft.replicas === undefined ? 0 : document.replicas;
}

/** Counted only once everything else is right: a misspelt port would be missing in the count. */
function place(
  document: InventoryDocument,
): { readonly nodes: readonly PlacedNode[] } | { readonly fault: Fault } {
  if (document.mode === 'standalone') {
    const fault = checkStandalone(document);
    if (fault !== undefined) return { fault };
  }
  const placement = placeDocument(document);
  if (placement.possible) return placement;
  return { fault: { path: [placement.blame], message: placement.message, at: 'key' } };
}

function checkStandalone({ hosts, replicas }: InventoryDocument): Fault | undefined {
  if (replicas > 0) {
    return {
      path: ['replicas'],
      message: `mode: standalone has no replicas; write replicas: 0 or leave it out`,
    };
  }
  if (hosts.length === 1 && hosts[0]?.ports.length === 1) return undefined;
  return {
    path: ['hosts'],
    at: 'key',
    message: 'mode: standalone is one host with one port; list exactly one',
  };
}

function buildInventory(
  document: InventoryDocument,
  placed: readonly PlacedNode[],
  { text, file }: { readonly text: string; readonly file: string },
): Inventory {
  const { $schema: _, connection: _connection, ssh: _ssh, become: _become, auth, ...rest } = document;
  return {
    ...rest,
    file: resolve(file),
    hash: createHash('sha256').update(text).digest('hex'),
    becomePassword: document.becomePassword,
    auth: { password: auth.password, application: auth.application },
    ...buildTopology(document, placed),
  };
}

function problemsAt(source: Source, faults: readonly Fault[]): UsageError {
  const problems = faults.map(({ path, at, message }): Problem => ({
    ...source.locate(path, at),
    ...(path.length > 0 && { path: formatPath(path) }),
    message,
  }));
  return new UsageError(problems.toSorted(byPlace));
}

function byPlace(a: Problem, b: Problem): number {
  return (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0);
}
