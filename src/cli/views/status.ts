import { formatBytes } from '../../base/bytes.ts';
import { joinNames } from '../../checks/text.ts';
import { createPaint, type Paint } from '../paint.ts';
import type { ReportNode } from '../../report/schema.ts';
import type { Status } from '../../operations/status/status.ts';
import type { Terminal } from '../command.ts';
import { formatTable } from './table.ts';
import { widthOf, wrap } from './wrap.ts';

/** Within 80 columns for names of up to this many characters; longer ones lose their middle. */
const longestName = 21;

export type StatusViewOptions = {
  /** Makes the hit rate that of the interval since. */
  readonly before?: Status | undefined;
  /** Lines that there is room for: nodes that are ill come first where not all can be shown. */
  readonly rows?: number;
};

/** What is up, roles, memory, operations, hit rate, clients and lag. */
export function formatStatus(
  status: Status,
  terminal: Terminal,
  { before, rows = Number.POSITIVE_INFINITY }: StatusViewOptions = {},
): string {
  const paint = createPaint(terminal.color);
  const width = widthOf(terminal) - 2;
  const mark = { up: paint.green('✓'), degraded: paint.yellow('!'), down: paint.red('✗') }[status.state];
  const head = [
    ...wrap(status.summary, width).map((line, index) => `${index === 0 ? mark : ' '} ${paint.bold(line)}`),
    paint.dim(formatTotals(status, before)),
    ...formatReasons(status, width),
    '',
  ];
  const shown = chooseNodes(status.nodes, rows - head.length - 1);
  const rest = status.nodes.length - shown.length;
  return [
    ...head,
    formatTable(
      header,
      shown.map((node) => row(node, { paint, before: find(before, node) })),
    ),
    ...(rest > 0 ? [paint.dim(`… and ${rest} more`)] : []),
  ].join('\n');
}

/** As wide as what is usual below them, so that a live view does not move about with every figure. */
const header = ['NODE', 'ROLE', 'MEMORY ', 'KEYS   ', 'OPS/S ', 'HITS ', 'CLIENTS', 'LAG'];

const isIll = ({ reachable, link }: ReportNode): boolean => !reachable || link === 'down';

function chooseNodes(nodes: readonly ReportNode[], room: number): readonly ReportNode[] {
  if (nodes.length <= room) return nodes;
  const illFirst = nodes.toSorted((a, b) => Number(isIll(b)) - Number(isIll(a)));
  return illFirst.slice(0, Math.max(1, room - 1));
}

/** Why nodes do not answer, with their names; a reason that several have in common is printed once. */
function formatReasons({ nodes }: Status, width: number): readonly string[] {
  const reasons = new Set(nodes.flatMap(({ reason }) => reason ?? []));
  return [...reasons].flatMap((reason) => {
    const silent = nodes.filter((node) => node.reason === reason).map(({ node }) => node);
    return wrap(`${joinNames(silent)}: ${reason}`, width).map(
      (line, index) => `${index === 0 ? '✗' : ' '} ${line}`,
    );
  });
}

/** One line for all nodes: `12:00:01  6 up  42 MB  12000 keys  1800 ops/s  hits 93 %  60 clients`. */
export function formatTotals({ checkedAt, totals, nodes }: Status, before?: Status): string {
  const up = nodes.filter(({ reachable }) => reachable).length;
  return [
    checkedAt.slice(11, 19),
    `${up}/${nodes.length} up`,
    formatBytes(totals.usedMemory),
    `${totals.keys} keys`,
    `${totals.opsPerSecond} ops/s`,
    `hits ${hitRate(totals, before?.totals)}`,
    `${totals.clients} clients`,
  ].join('  ');
}

function row(
  node: ReportNode,
  { paint, before }: { readonly paint: Paint; readonly before: ReportNode | undefined },
): readonly string[] {
  const name = shorten(node.node);
  const role = node.shard === null ? node.role : `${node.role} ${node.shard}`;
  if (!node.reachable) return [paint.red(`✗ ${name}`), role, '', '', '', '', '', paint.red('no answer')];
  const isBroken = node.link === 'down';
  return [
    isBroken ? paint.yellow(`! ${name}`) : `  ${name}`,
    role,
    formatBytes(node.usedMemory ?? 0),
    String(node.keys ?? ''),
    String(node.opsPerSecond ?? ''),
    hitRate(node, before),
    String(node.clients ?? ''),
    isBroken ? paint.yellow('link down') : lagOf(node),
  ];
}

function lagOf({ lag, role }: ReportNode): string {
  if (role !== 'replica') return '';
  return lag === null ? '?' : `${formatBytes(lag.bytes)}, ${lag.seconds} s`;
}

type Counts = { readonly hits: number | null; readonly misses: number | null };

/** Of the reads since `before`, or since start; `-` where there were none. */
function hitRate(now: Counts, before: Counts | undefined): string {
  const hits = (now.hits ?? 0) - (before?.hits ?? 0);
  const reads = hits + (now.misses ?? 0) - (before?.misses ?? 0);
  return reads <= 0 || hits < 0 ? '-' : `${Math.round((100 * hits) / reads)} %`;
}

function find(status: Status | undefined, { node }: ReportNode): ReportNode | undefined {
  return status?.nodes.find((candidate) => candidate.node === node);
}

/** The start tells the host, the end the port. */
function shorten(name: string): string {
  if (name.length <= longestName) return name;
  const tail = name.slice(name.lastIndexOf(':'));
  return `${name.slice(0, longestName - tail.length - 1)}…${tail}`;
}
