import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { Finding } from '../../src/checks/check.ts';
import type { CheckInput } from '../../src/checks/input.ts';
import { parseInventory } from '../../src/inventory/load.ts';
import { healthyInput, idOf, quietEvidence, type Shards } from './healthy.ts';

/**
 * One fixture file of `test/fixtures/checks`: what differs from a healthy cluster, and what must be said of
 * it.
 */
export type CheckCase = {
  /** A file of `inventories/` without `.yaml`; default: three-hosts. */
  readonly inventory?: string;
  /** Merged over that inventory's document. */
  readonly change?: Readonly<Record<string, unknown>>;
  /** `[master, ...replicas]` a shard; default: as the inventory prefers. */
  readonly shards?: Shards;
  /**
   * Path to value. A path's words are field names, node ids, host names or file paths; `*` is each of them. A
   * value `{replace: [from, to]}` edits a text, `{add: […]}` a list; null deletes. `id(redis1:7000)` is a
   * cluster id.
   */
  readonly patch?: Readonly<Record<string, unknown>>;
  /**
   * The causes, in the order of the report; every field given must be equal, `seen` and `title` must be
   * contained.
   */
  readonly expect: readonly Partial<Finding>[];
  /** Ids of the findings that follow from these, as `CAUSE: [ID, …]`; not looked at when absent. */
  readonly causes?: Readonly<Record<string, readonly string[]>>;
};

export function readCase(file: string): CheckCase {
  const scene = parse(readFileSync(file, 'utf8')) as CheckCase;
  return { ...scene, expect: withIds(scene.expect) as CheckCase['expect'] };
}

/** The healthy input of the case's inventory with its patches applied. */
export function inputOf(scene: CheckCase): CheckInput {
  const file = new URL(`../../inventories/${scene.inventory ?? 'three-hosts'}.yaml`, import.meta.url);
  const document = { ...parse(readFileSync(file, 'utf8')), ...scene.change };
  const inventory = parseInventory(JSON.stringify(document), '/etc/weedgo-redis.yaml');
  const input = structuredClone(healthyInput(inventory, scene.shards));
  for (const [path, value] of Object.entries(scene.patch ?? {})) {
    const [field, node = ''] = path.split(' ');
    if (field === 'evidence')
      Object.assign(input.evidence, { [node]: input.evidence[node] ?? quietEvidence() });
    patch(input, path.split(' '), withIds(value));
  }
  return input;
}

function withIds(value: unknown): unknown {
  const text = JSON.stringify(value).replaceAll(/id\(([^)]+)\)/g, (_, name: string) => idOf(name));
  return JSON.parse(text) as unknown;
}

function patch(target: unknown, [word = '', ...rest]: readonly string[], value: unknown): void {
  if (!isContainer(target)) throw new Error(`nothing to patch at ${word}`);
  // `view` and `hosts` stand for what one would say, not for how it is stored.
  const inner = word === 'view' ? target['view'] : undefined;
  if (isContainer(inner)) return patch(inner['nodes'], rest, value);
  for (const key of keysFor(target, word)) {
    if (rest.length > 0) patch(target[key] ?? create(target, key), rest, value);
    else assign(target, key, value);
  }
}

function create(target: Container, key: string): unknown {
  return (target[key] = {});
}

type Container = Record<string, unknown>;

function isContainer(value: unknown): value is Container {
  return typeof value === 'object' && value !== null;
}

/** Entries of lists go by the node they are about. */
function keysFor(target: Container, word: string): readonly string[] {
  if (word === '*') return Object.keys(target);
  if (!Array.isArray(target)) return [word];
  const entries: readonly unknown[] = target;
  const found = entries.findIndex(
    (entry) =>
      isContainer(entry) &&
      (entry['node'] === word ||
        entry['nodeId'] === idOf(word) ||
        entry['path'] === word ||
        entry['name'] === word),
  );
  if (found === -1 && !/^\d+$/.test(word)) throw new Error(`no entry ${word}`);
  return [found === -1 ? word : String(found)];
}

function assign(target: Container, key: string, value: unknown): void {
  const old = target[key];
  if (value === null) {
    if (Array.isArray(target)) target.splice(Number(key), 1);
    else delete target[key];
  } else if (isContainer(value) && Array.isArray(value['replace']) && typeof old === 'string') {
    const [from, to] = value['replace'].map(String);
    if (!old.includes(from ?? '')) throw new Error(`${key} does not hold ${from}`);
    target[key] = old.replace(from ?? '', to ?? '');
  } else if (isContainer(value) && Array.isArray(value['add']) && Array.isArray(old)) {
    target[key] = [...(old as unknown[]), ...(value['add'] as unknown[])];
  } else if (isContainer(value) && value['reachable'] === false && isContainer(old) && 'node' in old) {
    target[key] = { ...value, node: old['node'] };
  } else {
    target[key] = value;
  }
}
