import { harmless } from '../base/harmless.ts';
import { formatBytes } from '../base/bytes.ts';
import { readFileSync } from 'node:fs';
import Handlebars from 'handlebars';
import { slotCount } from '../cluster/slots.ts';
import { formatSeconds, joinNames } from '../checks/text.ts';
import { packageFile } from '../base/package-file.ts';
import { causesOf, describeConsequences } from './causes.ts';
import { type Chip, type Drawing, drawTopology, type HostBox } from './drawing.ts';
import { namesBeyondTitle } from './named.ts';
import type { Report, ReportNode } from './schema.ts';
import { type SlotSegment, slotSegments } from './slot-map.ts';

/**
 * The report as one self-contained page: no script, no network, every value escaped by the template. Two
 * drawings of the topology are in it, a wide and a narrow one; the style sheet shows the one that fits.
 */
export function renderHtml(report: Report): string {
  template ??= compile();
  const page = template({
    ...report,
    mark: marks[report.verdict === 'healthy' ? 'ok' : report.verdict],
    checked: report.checkedAt.replace('T', ' ').replace(/\.\d+Z$/, ' UTC'),
    seconds: (report.durationMs / 1000).toFixed(1),
    drawings: [
      { id: 'wide', ...present(drawTopology(report, 3)) },
      { id: 'narrow', ...present(drawTopology(report, 1)) },
    ],
    description: report.nodes.map(describeNode).join('. '),
    palette: Array.from({ length: shardColors }, (_, index) => `s${index}`),
    isCluster: report.mode === 'cluster',
    segments: slotSegments(report).map(presentSegment),
    owners: slotOwners(report),
    rows: report.nodes.map(presentRow),
    findings: causesOf(report.findings).map((cause) => ({
      ...cause.finding,
      where: namesBeyondTitle(cause.finding).join(', '),
      mark: marks[cause.finding.severity],
      consequences: describeConsequences(cause),
    })),
    losses: report.whatIf.map((loss) => ({
      ...loss,
      mark: fateOf(loss.staysUp).mark,
      subject: `${loss.kind} ${loss.name}`,
      outcome: fateOf(loss.staysUp).text,
      moves: loss.failovers.map(({ shard, from, to }) => `${shard}: ${from} to ${to}`),
    })),
    checks: report.checks.map((check) => ({ ...check, isClean: check.findings.length === 0 })),
  });
  return harmless(page);
}

/** One entry an owner, in the order of their first slots; what nobody owns as well. */
function slotOwners(report: Report) {
  const segments = slotSegments(report);
  const owners = new Set(segments.map(({ owner }) => owner));
  return [...owners].map((owner) => {
    const own = segments.filter((segment) => segment.owner === owner).map(({ range }) => range);
    const { label, color } = presentOwner(owner);
    return { label, color, owner: owner?.node ?? '', ranges: joinNames(own, mostRanges) };
  });
}

function presentSegment({ owner, slots, range }: SlotSegment) {
  // One too narrow for its label has it in the legend below.
  return {
    slots,
    range,
    isThin: slots < slotCount / 12,
    owner: owner?.node ?? 'nobody',
    ...presentOwner(owner),
  };
}

function presentOwner(owner: SlotSegment['owner']) {
  if (owner === undefined) return { label: 'no owner', color: 'none' };
  return { label: `shard ${owner.shard ?? '?'}`, color: colorOf(owner) };
}

/** Told apart by shape as well as by colour. */
function fateOf(staysUp: boolean | null): { readonly mark: string; readonly text: string } {
  if (staysUp === null) return { mark: '?', text: 'unknown' };
  return staysUp ? { mark: marks.ok, text: 'stays up' } : { mark: marks.critical, text: 'goes down' };
}

const marks = { ok: '✓', healthy: '✓', info: 'i', warning: '!', critical: '✗' } as const;

let template: Handlebars.TemplateDelegate | undefined;

function compile(): Handlebars.TemplateDelegate {
  const text = readFileSync(packageFile('templates/report.html.hbs'), 'utf8');
  return Handlebars.create().compile(text, { strict: true, knownHelpersOnly: true });
}

const shardColors = 8;
/** Ranges of one owner that the legend lists; resharding can leave hundreds. */
const mostRanges = 12;

/** Shards have one of eight colours each; who cannot tell them apart reads the numbers. */
function colorOf({ shard }: ReportNode): string {
  return shard === null ? 'none' : `s${(shard - 1) % shardColors}`;
}

function present(drawing: Drawing) {
  return {
    ...drawing,
    zones: drawing.zones.map((box) => ({ ...box, titleX: box.x + 14, titleY: box.y + 18 })),
    hosts: drawing.hosts.map(presentHost),
    chips: drawing.chips.map(presentChip),
    links: drawing.links.map(({ path, head, master, replica }) => ({
      path,
      head,
      color: colorOf(master),
      state: replica.reachable && replica.link === 'up' ? 'ok' : 'critical',
      title: `${replica.node} replicates ${master.node}${replica.link === 'up' ? '' : ': link down'}`,
    })),
  };
}

function presentHost({ host, ...box }: HostBox) {
  return {
    ...box,
    title: `${host.name} (${host.address})`,
    name: shorten(host.name, 22),
    subtitle: host.reachable ? shorten(host.address, 30) : `${marks.critical} cannot be reached`,
    state: host.reachable ? (host.worst ?? 'ok') : 'critical',
    textX: box.x + 12,
    nameY: box.y + 18,
    subtitleY: box.y + 34,
  };
}

function presentChip({ node, ...box }: Chip) {
  const middle = box.y + box.height / 2;
  return {
    ...box,
    title: describeNode(node),
    port: node.node.slice(node.node.lastIndexOf(':') + 1),
    letter: node.role === 'replica' ? 'R' : 'M',
    isReplica: node.role === 'replica',
    color: colorOf(node),
    state: node.worst ?? 'ok',
    shard: node.shard === null ? 'no shard' : `shard ${node.shard}`,
    note: noteOf(node),
    badgeX: box.x + 8,
    badgeY: middle - 9,
    badgeMiddle: box.x + 17,
    textX: box.x + 34,
    noteX: box.x + box.width - 9,
    textY: middle + 4.5,
    middle,
  };
}

/** What a chip says at its right end: what is wrong first, else how full it is or how far behind. */
function noteOf(node: ReportNode): string {
  const mark = node.worst === 'critical' || node.worst === 'warning' ? `${marks[node.worst]} ` : '';
  if (!node.reachable) return `${marks.critical} no answer`;
  if (node.link === 'down') return `${mark}link down`;
  return (
    mark + (node.lag === null ? formatBytes(node.usedMemory ?? 0) : `lag ${formatSeconds(node.lag.seconds)}`)
  );
}

function describeNode({ node, role, shard, master, reachable, worst }: ReportNode): string {
  const place = shard === null ? '' : `, shard ${shard}`;
  const followed = master === null ? '' : ` of ${master}`;
  return `${node}: ${role}${followed}${place}${reachable ? '' : ', no answer'}${worst === null ? '' : `, ${worst} finding`}`;
}

function presentRow(node: ReportNode) {
  const state = node.worst ?? 'ok';
  return {
    node: node.node,
    role: node.role,
    state,
    mark: marks[state],
    shard: node.shard ?? '–',
    place: node.zone === null ? node.host : `${node.host} (${node.zone})`,
    slots: node.slotRanges || '–',
    keys: node.keys ?? '–',
    memory: memoryOf(node),
    lag: node.lag === null ? '–' : `${formatBytes(node.lag.bytes)}, ${formatSeconds(node.lag.seconds)}`,
    link: node.reachable ? (node.link ?? '–') : 'no answer',
    version: node.version ?? '–',
  };
}

function memoryOf({ usedMemory, maxMemory }: ReportNode): string {
  if (usedMemory === null) return '–';
  return maxMemory ? `${formatBytes(usedMemory)} of ${formatBytes(maxMemory)}` : formatBytes(usedMemory);
}

function shorten(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}
