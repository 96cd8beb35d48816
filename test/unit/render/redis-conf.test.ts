import { array, assert, property, string } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseRedisConf, quote } from '../../../src/render/redis-conf.ts';
import { directiveLine } from '../../../src/render/template.ts';

const text = string({ unit: 'grapheme' }).filter((value) => !value.includes('\0'));
const bytes = string({ unit: 'binary' }).filter((value) => !value.includes('\0'));

describe('quoting', () => {
  test('is undone by reading', () => {
    assert(
      property(array(text), array(bytes), (some, others) => {
        const args = [...some, ...others];
        expect(parseRedisConf(directiveLine('masterauth', args))).toEqual([
          { name: 'masterauth', args, line: 1 },
        ]);
      }),
      { numRuns: 500 },
    );
  });

  test('never leaves its line or printable ASCII', () => {
    assert(
      property(bytes, (value) => {
        expect(quote(value)).toMatch(/^"[\x20-\x7e]*"$/);
      }),
    );
  });

  test('a value cannot add a directive', () => {
    const conf = `${directiveLine('logfile', ['x"\nprotected-mode no\n#'])}\nport 1\n`;
    expect(parseRedisConf(conf).map(({ name }) => name)).toEqual(['logfile', 'port']);
  });

  test('a NUL is refused', () => {
    expect(() => quote('a\0b')).toThrow('NUL');
  });
});

describe('reading as the server does', () => {
  test('comments, empty lines, case and spaces', () => {
    expect(parseRedisConf('# port 1\n\n  PORT\t 7000  \r\nsave 900 1\n   # x\nsave ""')).toEqual([
      { name: 'port', args: ['7000'], line: 3 },
      { name: 'save', args: ['900', '1'], line: 4 },
      { name: 'save', args: [''], line: 6 },
    ]);
  });

  const cases: readonly (readonly [line: string, args: readonly string[]])[] = [
    ['x 1 # no comment', ['1', '#', 'no', 'comment']],
    ['x a"b c"', ['ab c']],
    [String.raw`x "\x41\n\"\\\q"`, ['A\n"\\q']],
    [String.raw`x 'it\'s' '\n'`, ["it's", String.raw`\n`]],
    [String.raw`x "\xc3\xa9" é`, ['é', 'é']],
    [String.raw`x "\xZZ"`, ['xZZ']],
  ];
  test.each(cases)('%s', (line, args) => {
    expect(parseRedisConf(line)[0]?.args).toEqual(args);
  });

  test.each(['x "open', 'x "a"b', "x 'open", "x 'a'b", 'x "a\\'])('unbalanced: %s', (line) => {
    expect(() => parseRedisConf(`port 1\n${line}`)).toThrow('line 2: unbalanced quotes');
  });
});
