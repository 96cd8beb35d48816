import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { judgeStart } from '../../../src/host/start/judge.ts';
import type { StartQuestion } from '../../../src/host/start/question.ts';
import { parseInventory } from '../../../src/inventory/load.ts';
import { desiredDirectives } from '../../../src/render/directives.ts';
import { layoutOf } from '../../../src/render/layout.ts';
import { mergePatch } from './patch.ts';

const fixtures = new URL('../../fixtures/host/starts/', import.meta.url);
const read = (name: string): unknown => parse(readFileSync(new URL(name, fixtures), 'utf8'));

/** One start of redis1:7000. Without `refused` it may be started: the near misses. */
type Case = {
  readonly case: string;
  /** Over `base.yaml`, as a merge patch. */
  readonly change: object;
  /** A part of the only reason's message. */
  readonly refused?: string;
  readonly heir?: string;
  readonly override?: boolean;
};

type Given = Pick<StartQuestion, 'server' | 'data' | 'word' | 'onDisk'> & { readonly config: string };

const inventory = parseInventory(
  JSON.stringify({
    cluster: 'test',
    auth: { password: { env: 'WEEDGO_REDIS_PASSWORD' } },
    hosts: [1, 2, 3].map((number) => ({
      name: `redis${number}`,
      address: `10.0.0.${number}`,
      ports: [7000, 7003],
    })),
  }),
  '/nowhere/weedgo-redis.yaml',
);

function questionOf({ change }: Case): StartQuestion {
  const [host] = inventory.hosts;
  const layout = host && layoutOf(inventory, host).nodes.find(({ node }) => node.id === 'redis1:7000');
  if (!layout) throw new Error('no such node');
  // What a patch makes of it is a question, or the fixture is wrong.
  const { config, onDisk, ...given } = mergePatch(read('base.yaml'), change) as Given;
  return {
    ...given,
    layout,
    host: host.name,
    nodes: inventory.nodes.map(({ id }) => id),
    directives: desiredDirectives(config),
    onDisk,
  };
}

describe.each(readdirSync(fixtures).filter((name) => name !== 'base.yaml'))('%s', (file) => {
  test.each((read(file) as readonly Case[]).map((each) => [each.case, each] as const))('%s', (_, each) => {
    const { reasons, isOverride } = judgeStart(questionOf(each));
    const expected =
      each.refused === undefined ? [] : [{ message: expect.stringContaining(each.refused), heir: each.heir }];
    expect(reasons.map(({ message, heir }) => ({ message, heir }))).toEqual(expected);
    expect(isOverride).toBe(each.override ?? false);
    for (const { hints } of reasons) expect(hints.length).toBeGreaterThan(0);
  });
});
