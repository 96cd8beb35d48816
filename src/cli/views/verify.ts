import { createColors } from 'picocolors';
import { formatBytes } from '../../checks/text.ts';
import type { Report, ReportFinding, ReportNode } from '../../operations/report/schema.ts';
import { formatMs } from '../progress.ts';
import { formatTable } from './table.ts';

type Paint = ReturnType<typeof createColors>;

export type VerifyViewOptions = {
  readonly color: boolean;
  /** Findings alone, and nothing at all when there are none. */
  readonly quiet: boolean;
  readonly whatIf: boolean;
};

/** The verdict in one line, the shards as a table, then the findings, worst first. */
export function formatReport(report: Report, { color, quiet, whatIf }: VerifyViewOptions): string {
  const paint = createColors(color);
  const findings = report.findings.map((finding) => formatFinding(finding, paint));
  const losses = whatIf ? ['', formatWhatIf(report, paint)] : [];
  if (quiet)
    return [...(findings.length > 0 ? [formatVerdict(report, paint), ...findings] : []), ...losses].join(
      '\n',
    );
  return [
    formatVerdict(report, paint),
    '',
    formatShards(report.nodes, paint),
    ...findings.flatMap((finding) => ['', finding]),
    ...losses,
    '',
    paint.dim(
      `${report.checks.length} checks in ${formatMs(report.durationMs)}${report.looks > 1 ? `, looked ${report.looks} times` : ''}`,
    ),
  ].join('\n');
}

/** One line, worth reading without colours. */
export function formatVerdict({ verdict, summary }: Report, paint: Paint): string {
  const mark = { healthy: paint.green('✓'), warning: paint.yellow('!'), critical: paint.red('✗') }[verdict];
  return `${mark} ${paint.bold(summary)}`;
}

/** Each master followed by its replicas, which carry its shard's number. */
export function formatShards(nodes: readonly ReportNode[], paint: Paint): string {
  return formatTable(
    ['SHARD', 'NODE', 'ROLE', 'HOST', 'SLOTS', 'KEYS', 'MEMORY', 'LAG'],
    nodes.map((node) => [
      String(node.shard ?? '-'),
      paintNode(node, paint),
      node.role,
      node.zone === null ? node.host : `${node.host} (${node.zone})`,
      node.slotRanges,
      String(node.keys ?? ''),
      formatMemory(node),
      formatLag(node),
    ]),
  );
}

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

export function formatFinding(finding: ReportFinding, paint: Paint): string {
  const { severity, id, title, seen, expected, why, remedy } = finding;
  const label = { critical: paint.red, warning: paint.yellow, info: paint.cyan }[severity](
    severity.toUpperCase(),
  );
  return [
    `${label} ${paint.bold(title)} ${paint.dim(id)}`,
    `  seen      ${seen}`,
    `  expected  ${expected}`,
    `  why       ${why}`,
    ...remedy.map((command, index) => `  ${index === 0 ? 'mend' : '    '}      ${paint.cyan(command)}`),
  ].join('\n');
}

function formatWhatIf({ whatIf }: Report, paint: Paint): string {
  const table = formatTable(
    ['IF', 'IS LOST', 'THEN', 'FAILOVERS', 'LOST', 'WITHOUT REPLICA'],
    whatIf.map(({ kind, name, staysUp, failovers, lostShards, bareShards }) => [
      kind,
      name,
      staysUp ? paint.green('stays up') : paint.red('goes down'),
      failovers.map(({ shard, to }) => `${shard} to ${to}`).join(', ') || '-',
      lostShards.join(', ') || '-',
      bareShards.join(', ') || '-',
    ]),
  );
  return whatIf.length === 0 ? 'What if: there is no cluster to lose a part of.' : table;
}
