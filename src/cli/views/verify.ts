import { formatBytes } from '../../base/bytes.ts';
import { columnsOf, createPaint, type Paint } from '../paint.ts';
import { count } from '../../checks/text.ts';
import { causesOf } from '../../report/causes.ts';
import type { Report, ReportNode } from '../../report/schema.ts';
import { formatMs } from '../progress.ts';
import { formatFinding } from './finding.ts';
import { formatTable } from './table.ts';
import { wrap } from './wrap.ts';

export type VerifyViewOptions = {
  readonly color: boolean;
  /** The widest line, in columns. Commands may be wider, because operators copy them. */
  readonly width: number;
  /** Findings alone, and nothing at all when there are none. */
  readonly quiet: boolean;
  readonly whatIf: boolean;
};

/**
 * The verdict in one line, the shards as a table, then the causes, worst first, with what follows from each.
 */
export function formatReport(report: Report, { color, width, quiet, whatIf }: VerifyViewOptions): string {
  const paint = createPaint(color);
  const verdict = formatVerdict(report, paint, width);
  const losses = whatIf ? ['', formatWhatIf(report, paint, width)] : [];
  // A finding of severity info is no reason for cron to send mail.
  const worth = causesOf(report.findings).filter(({ finding }) => !quiet || finding.severity !== 'info');
  const findings = worth.map((cause) => formatFinding(cause, paint, { width }));
  if (quiet) return [...(findings.length > 0 ? [verdict, ...findings] : []), ...losses].join('\n');
  return [
    verdict,
    '',
    formatShards(report.nodes, paint, width),
    ...findings.flatMap((finding) => ['', finding]),
    ...losses,
    '',
    ...formatWriteTest(report).map(paint.dim),
    paint.dim(
      `${report.checks.length} checks in ${formatMs(report.durationMs)}${report.looks > 1 ? `, looked ${report.looks} times` : ''}`,
    ),
  ].join('\n');
}

/** One line, worth reading without colours. */
export function formatVerdict({ verdict, summary }: Report, paint: Paint, width: number): string {
  const mark = { healthy: paint.green('✓'), warning: paint.yellow('!'), critical: paint.red('✗') }[verdict];
  return wrap(summary, width - 2)
    .map((line, index) => `${index === 0 ? mark : ' '} ${paint.bold(line)}`)
    .join('\n');
}

/** What the shards that passed did; those that did not have findings. */
function formatWriteTest({ writeTest, findings }: Report): readonly string[] {
  if (writeTest === null || writeTest.length === 0) return [];
  const failed = new Set(
    findings.filter(({ id }) => id.startsWith('WR-WRITE-')).flatMap(({ nodes }) => nodes),
  );
  const passed = writeTest.filter(({ master }) => !failed.has(master));
  const slowest = Math.max(...writeTest.map(({ durationMs }) => durationMs));
  return [
    `write test: ${passed.length} of ${count(writeTest.length, 'shard')} took, replicated and removed a key, in ${formatMs(slowest)} at most`,
  ];
}

/** Each master followed by its replicas, which carry its shard's number. */
export function formatShards(
  nodes: readonly ReportNode[],
  paint: Paint,
  width = Number.POSITIVE_INFINITY,
): string {
  const table = wideTable(nodes, paint);
  return isWider(table, width) ? narrowTable(nodes, paint) : table;
}

function wideTable(nodes: readonly ReportNode[], paint: Paint): string {
  return formatTable(
    ['SHARD', 'NODE', 'ROLE', 'HOST', ...measures],
    nodes.map((node) => [
      String(node.shard ?? '-'),
      paintNode(node, paint),
      node.role,
      placeOf(node),
      ...formatMeasures(node),
    ]),
  );
}

/** A node's name begins with its host's, and its shard goes with its role, as `status` has it. */
function narrowTable(nodes: readonly ReportNode[], paint: Paint): string {
  const hasZones = nodes.some(({ zone }) => zone !== null);
  return formatTable(
    ['NODE', 'ROLE', ...(hasZones ? ['ZONE'] : []), ...measures],
    nodes.map((node) => [
      paintNode(node, paint),
      node.shard === null ? node.role : `${node.role} ${node.shard}`,
      ...(hasZones ? [node.zone ?? ''] : []),
      ...formatMeasures(node),
    ]),
  );
}

const measures = ['SLOTS', 'KEYS', 'MEMORY', 'LAG'];

function formatMeasures(node: ReportNode): readonly string[] {
  return [shortenRanges(node.slotRanges), String(node.keys ?? ''), formatMemory(node), formatLag(node)];
}

function placeOf({ host, zone }: ReportNode): string {
  return zone === null ? host : `${host} (${zone})`;
}

/** Moving slots about can leave hundreds of ranges; --json has them all. */
function shortenRanges(ranges: string): string {
  const all = ranges.split(',');
  return all.length > mostRanges ? `${all.slice(0, mostRanges - 1).join(',')},… (${all.length})` : ranges;
}

const mostRanges = 3;

/** An ill node has a mark before its name, so that it is found without colours as well. */
function paintNode({ node, worst }: ReportNode, paint: Paint): string {
  if (worst === 'critical') return paint.red(`✗ ${node}`);
  if (worst === 'warning') return paint.yellow(`! ${node}`);
  return `  ${node}`;
}

function formatMemory({ usedMemory, maxMemory, reachable }: ReportNode): string {
  if (!reachable || usedMemory === null) return '';
  return maxMemory ? `${formatBytes(usedMemory)} of ${formatBytes(maxMemory)}` : formatBytes(usedMemory);
}

function formatLag({ role, link, lag, reachable }: ReportNode): string {
  if (!reachable) return 'no answer';
  if (role !== 'replica') return '';
  if (link === 'down') return 'link down';
  return lag === null ? '?' : `${formatBytes(lag.bytes)}, ${lag.seconds} s`;
}

function formatWhatIf({ whatIf }: Report, paint: Paint, width: number): string {
  if (whatIf.length === 0) return 'What if: there is no cluster to lose a part of.';
  const table = formatTable(
    ['IF', 'IS LOST', 'THEN', 'FAILOVERS', 'LOST', 'WITHOUT REPLICA'],
    whatIf.map(({ kind, name, staysUp, failovers, lostShards, unknownShards, bareShards }) => [
      kind,
      name,
      paintFate(staysUp, paint),
      failovers.map(({ shard, to }) => `${shard} to ${to}`).join(', ') || '-',
      [...lostShards, ...unknownShards.map((shard) => `${shard}?`)].join(', ') || '-',
      bareShards.join(', ') || '-',
    ]),
  );
  return isWider(table, width) ? formatSentences(whatIf, paint, width) : table;
}

function paintFate(staysUp: boolean | null, paint: Paint): string {
  if (staysUp === null) return paint.yellow('unknown');
  return staysUp ? paint.green('stays up') : paint.red('goes down');
}

/** Where the table is too wide, the same in words. */
function formatSentences(whatIf: Report['whatIf'], paint: Paint, width: number): string {
  const lines = whatIf.flatMap(({ sentence, staysUp, bareShards }) => {
    const mark = staysUp === true ? paint.green('✓') : staysUp === null ? paint.yellow('?') : paint.red('✗');
    const bare = bareShards.length === 0 ? '' : `; without a replica: ${bareShards.join(', ')}`;
    const text = wrap(sentence + bare, width - 2);
    return text.map((line, index) => `${index === 0 ? mark : ' '} ${line}`);
  });
  return lines.join('\n');
}

function isWider(text: string, width: number): boolean {
  return text.split('\n').some((line) => columnsOf(line) > width);
}
