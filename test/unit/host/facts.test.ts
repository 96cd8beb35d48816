import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { FactsContext } from '../../../src/host/facts/fact.ts';
import { parseFacts } from '../../../src/host/facts/read.ts';
import { factNames } from '../../../src/host/facts/registry.ts';
import { splitSections } from '../../../src/host/facts/sections.ts';

const folder = new URL('../../fixtures/host/facts/', import.meta.url);
const read = (name: string, file: string): string => readFileSync(new URL(`${name}/${file}`, folder), 'utf8');

/** What real hosts answered (stdout.txt) to what was asked (context.json), and what it means (facts.json). */
test.each(readdirSync(folder))('%s', (name) => {
  const context: FactsContext = JSON.parse(read(name, 'context.json'));
  const sections = splitSections(read(name, 'stdout.txt'), 'MARKER');
  const now = Number(/^now=(\d+)/m.exec(sections.get('clock')?.output ?? '')?.[1]) * 1000;
  const instants = { sent: now - 10, received: now + 10 };
  const facts = parseFacts(name, factNames, { sections, context, instants });
  expect(facts).toEqual(JSON.parse(read(name, 'facts.json')));
});

test('an answer that was cut off is none', () => {
  const stdout = read('debian-12-bare', 'stdout.txt');
  expect(splitSections(stdout.slice(0, -8), 'MARKER').size).toBe(0);
  expect(splitSections('', 'MARKER').size).toBe(0);
});
