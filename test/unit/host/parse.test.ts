import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { FactsContext } from '../../../src/host/facts/fact.ts';
import { factRegistry } from '../../../src/host/facts/registry.ts';

const folder = new URL('../../fixtures/host/parse/', import.meta.url);

type Case = {
  readonly name: string;
  readonly context?: Partial<FactsContext>;
  readonly output: string;
  readonly value?: unknown;
  /** What the parser throws instead. */
  readonly error?: string;
};

const empty: FactsContext = {
  server: 'redis',
  serviceUser: 'redis',
  files: [],
  directories: [],
  disks: [],
  units: [],
  distributionUnits: [],
  address: '10.0.0.5',
  ports: [],
  nodes: [],
  askPackages: false,
};
const instants = { sent: 1_000_000_000_000, received: 1_000_000_000_040 };

/** One file a fact, by its name: what a host printed, and what it means. */
describe.each(readdirSync(folder))('%s', (file) => {
  const [, fact] = Object.entries(factRegistry).find(([name]) => `${name}.yaml` === file) ?? [];
  const cases: readonly Case[] = parse(readFileSync(new URL(file, folder), 'utf8'));
  test.each(cases)('$name', ({ context, output, value, error }) => {
    const read = (): unknown => fact?.parse(output, { ...empty, ...context }, instants);
    if (error === undefined) expect(read()).toEqual(value);
    else expect(read).toThrow(error);
  });
});
