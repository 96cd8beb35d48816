import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { createPaint, splitPaint } from '../../../src/cli/paint.ts';
import { formatTable } from '../../../src/cli/views/table.ts';

const tableIn = (paint: ReturnType<typeof createPaint>): string =>
  formatTable(
    ['NODE', 'ROLE'],
    [
      [`${paint.red('✗')} redis1:7000`, paint.bold(paint.dim('replica'))],
      ['  redis2:7000', 'master'],
    ],
  );

test('a table looks the same with colours and without', () => {
  const shown = stripVTControlCharacters(splitPaint(tableIn(createPaint(true))).join(''));
  expect(shown).toBe(tableIn(createPaint(false)));
});
