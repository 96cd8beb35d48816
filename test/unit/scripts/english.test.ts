import { expect, test } from 'vitest';
import { findLongComments, findUnknownNames, findWords, namesIn } from '../../../scripts/english-rules.ts';

test('a word that is not used here is found with its line and with what to write', () => {
  expect(findWords('The plan.\nWhoever holds the lock goes on.')).toEqual([
    { line: 2, message: expect.stringContaining('"goes on"') },
    { line: 2, message: expect.stringContaining('"Whoever"') },
  ]);
  expect(findWords('The recommended way resumes.')).toEqual([]);
});

test('a comment that is too wide is found, code and addresses are not', () => {
  const wide = 'x'.repeat(120);
  expect(findLongComments(`/**\n * ${wide}\n */\nconst a = '${wide}';\n  // ${wide}\n`)).toEqual([
    { line: 2, message: expect.stringContaining('at most 110') },
    { line: 5, message: expect.stringContaining('at most 110') },
  ]);
  expect(findLongComments(`/** See https://example.org/${wide} */`)).toEqual([]);
});

test('a name in a comment that the code does not have is found', () => {
  const source = "/** As `planForm`, and `planGone`. */\nconst planForm = 'https://a/b';\n";
  expect(findUnknownNames(source, new Set(namesIn(source)))).toEqual([
    { line: 1, message: '`planGone` does not exist in the code' },
  ]);
});
