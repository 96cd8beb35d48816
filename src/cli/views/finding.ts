import type { Paint } from '../paint.ts';
import { type Cause, describeConsequences } from '../../report/causes.ts';
import { namesBeyondTitle } from '../../report/named.ts';
import type { ReportFinding } from '../../report/schema.ts';
import { wrap } from './wrap.ts';

/** A finding with what follows from it; `taken`: columns of its first line that something before it takes. */
export function formatFinding(
  cause: Cause,
  paint: Paint,
  { width = Number.POSITIVE_INFINITY, taken = 0 }: { readonly width?: number; readonly taken?: number } = {},
): string {
  const { finding } = cause;
  const { seen, expected, why, remedy } = finding;
  const where = namesBeyondTitle(finding).join(', ');
  const told = { where, seen, expected, why };
  return [
    ...formatHeading(finding, paint, width - taken),
    ...Object.entries(told).flatMap(([name, text]) => (text === '' ? [] : formatField(name, text, width))),
    ...describeConsequences(cause).flatMap((text, index) =>
      formatField(index === 0 ? 'causes' : '', text, width),
    ),
    ...remedy.map(
      (command, index) => `  ${(index === 0 ? 'fix' : '').padEnd(indent - 2)}${paint.cyan(command)}`,
    ),
  ].join('\n');
}

/** Where the texts of a finding begin. */
const indent = 12;

function formatHeading(
  { severity, title, id }: ReportFinding,
  paint: Paint,
  width: number,
): readonly string[] {
  const label = severity.toUpperCase();
  const color = { critical: paint.red, warning: paint.yellow, info: paint.cyan }[severity];
  const lines = wrap(`${title} ${id}`, width - label.length - 1);
  return lines.map((line, index) => {
    const text = line.endsWith(id)
      ? `${paint.bold(line.slice(0, -id.length))}${paint.dim(id)}`
      : paint.bold(line);
    return `${index === 0 ? color(label) : ' '.repeat(label.length)} ${text}`;
  });
}

function formatField(name: string, text: string, width: number): readonly string[] {
  return wrap(text, width - indent).map(
    (line, index) => `  ${(index === 0 ? name : '').padEnd(indent - 2)}${line}`,
  );
}
