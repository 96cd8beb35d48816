import { expect, test } from 'vitest';
import { commands } from '../../../src/cli/registry.ts';
import { offersFor } from '../../../src/cli/completion/offers.ts';

const names = { nodes: ['a:1', 'b:1'], shards: ['1'], hosts: ['a', 'b'] };
const values = (...words: readonly string[]): readonly string[] =>
  offersFor(words, names).offers.map(({ value }) => value);

test('every command has examples of itself', () => {
  for (const { name, examples = [] } of commands) {
    expect(examples, name).not.toEqual([]);
    for (const line of examples) expect(line).toMatch(new RegExp(`weedgo-redis (-\\S+ (\\S+ )?)?${name}\\b`));
  }
});

test.each<readonly [words: readonly string[], offers: readonly string[]]>([
  [['dr'], ['drain', 'drill']],
  [
    ['-i', 'drain', 'dr'],
    ['drain', 'drill'],
  ],
  [
    ['--inventory=x.yaml', 'drain', ''],
    ['a', 'b'],
  ],
  [
    ['drain', '--max-lag', 'a', ''],
    ['a', 'b'],
  ],
  [['drain', '--max-lag', ''], []],
  [['failover', '--to', 'b'], ['b:1']],
  [['failover', '--to=b'], ['--to=b:1']],
  [['failover', 'a:1', ''], []],
  [
    ['restart', ''],
    ['a:1', 'b:1', '1', 'a', 'b', 'all'],
  ],
  [['call', 'all', 'GET', ''], []],
  [
    ['drill', '-'],
    [
      '--how',
      '--i-know',
      '--probe-rate',
      '--confirm',
      '--inventory',
      '-i',
      '--json',
      '--yes',
      '-y',
      '--quiet',
      '-q',
      '--verbose',
      '-v',
      '--no-color',
      '--help',
      '-h',
    ],
  ],
  [['drill', '--how', 's'], ['stop']],
  [['drill', '--', '--'], []],
  [['no-such', ''], []],
])('%j', (words, offers) => {
  expect(values(...words)).toEqual(offers);
});

test('files are offered where a file is meant', () => {
  expect(offersFor(['-i', ''], names).files).toBe(true);
  expect(offersFor(['verify', '--html', ''], names).files).toBe(true);
  expect(offersFor(['verify', '--settle', ''], names).files).toBe(false);
});
