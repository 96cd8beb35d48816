import { createPaint } from '../paint.ts';
import type { CheckReport } from '../../operations/check/check.ts';
import type { Terminal } from '../command.ts';
import { formatTable } from './table.ts';
import { widthOf, wrap } from './wrap.ts';

/**
 * Every line of every host, then what to do about those that are not right; commands stand alone, to be
 * copied.
 */
export function formatChecks({ cluster, passed, hosts }: CheckReport, terminal: Terminal): string {
  const paint = createPaint(terminal.color);
  const marks = {
    ok: paint.green('ok'),
    warning: paint.yellow('warning'),
    failed: paint.red('FAILED'),
    unknown: paint.dim('unknown'),
  };
  const room = widthOf(terminal) - Math.max(...hosts.map(({ host }) => host.length)) - beforeDetail;
  const rows = hosts.flatMap(({ host, lines }) =>
    lines.flatMap(({ check, outcome, detail }, index) => {
      const [first = '', ...rest] = wrap(detail, room);
      return [
        [index === 0 ? host : '', check, marks[outcome], first],
        ...rest.map((text) => ['', '', '', text]),
      ];
    }),
  );
  const hints = hosts.flatMap(({ host, lines }) =>
    lines
      .filter(({ hints: each }) => each.length > 0)
      .flatMap(({ check, hints: each }) => ['', `${host}, ${check}:`, ...each.map((hint) => `  ${hint}`)]),
  );
  const verdict = passed
    ? `${cluster} can be provisioned.`
    : `${cluster} cannot be provisioned yet: see above.`;
  return [formatTable(['HOST', 'CHECK', '', ''], rows), ...hints, '', verdict].join('\n');
}

/** CHECK and the outcome at their widest (`authentication`, `warning`), and the blanks between columns. */
const beforeDetail = 14 + 7 + 3 * 2;
