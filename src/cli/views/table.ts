import { inLine } from '../../base/harmless.ts';
import { columnsOf } from '../paint.ts';

/**
 * Rows as aligned columns, two spaces apart, without trailing blanks; colours count for nothing. Names and
 * addresses are ASCII, so a character is a column. A row stays one line, whatever a cell has.
 */
export function formatTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [header, ...rows].map((row) => row.map(inLine));
  const widths = header.map((_, column) => Math.max(...all.map((row) => columnsOf(row[column] ?? ''))));
  return all
    .map((row) =>
      row
        .map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - columnsOf(cell)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
