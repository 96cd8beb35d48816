import type { Report, ReportHost, ReportNode } from './schema.ts';

/**
 * Where everything of the topology's drawing goes, in SVG user units (CSS pixels at full size). Pure
 * geometry.
 */
export type Drawing = {
  readonly width: number;
  readonly height: number;
  readonly zones: readonly ZoneBox[];
  readonly hosts: readonly HostBox[];
  readonly chips: readonly Chip[];
  readonly links: readonly Link[];
};

type Box = { readonly x: number; readonly y: number; readonly width: number; readonly height: number };
type ZoneBox = Box & { readonly name: string };
export type HostBox = Box & { readonly host: ReportHost };
export type Chip = Box & { readonly node: ReportNode };
/** From a master to its replica. */
export type Link = {
  readonly path: string;
  /** The arrow head at the replica. */
  readonly head: string;
  readonly master: ReportNode;
  readonly replica: ReportNode;
};

const chip = { width: 236, height: 34, gap: 6 };
const host = { padding: 10, header: 42, width: chip.width + 20 };
const gap = { column: 60, row: 28, stack: 16 };
const zone = { padding: 14, title: 26 };
/** Room for lines that leave to the right and come back in the same column. */
const margin = { left: 2, top: 2, right: 46, bottom: 2 };

/** Lays hosts out in at most `columns` columns; the hosts of a zone stand below each other, framed. */
export function drawTopology(report: Report, columns: number): Drawing {
  const groups = groupHosts(report);
  const zones: ZoneBox[] = [];
  const hosts: HostBox[] = [];
  let y = margin.top;
  for (let start = 0; start < groups.length; start += columns) {
    const row = groups.slice(start, start + columns);
    row.forEach((group, column) => placeGroup(group, { column, y, report, zones, hosts }));
    y += Math.max(...row.map((group) => heightOf(group, report))) + gap.row;
  }
  const chips = hosts.flatMap((box) => placeChips(box, report));
  const widest = Math.min(columns, groups.length);
  const frame = zones.length > 0 ? 2 * zone.padding : 0;
  return {
    width: margin.left + widest * (host.width + frame) + (widest - 1) * gap.column + margin.right,
    height: y - gap.row + margin.bottom,
    zones,
    hosts,
    chips,
    links: linksOf(chips),
  };
}

type Group = { readonly zone: string | null; readonly hosts: readonly ReportHost[] };

/** The hosts of each zone together; a host without a zone is a group of its own. */
function groupHosts({ hosts }: Report): readonly Group[] {
  const named = new Map<string, ReportHost[]>();
  const groups: { zone: string | null; hosts: ReportHost[] }[] = [];
  for (const each of hosts) {
    const known = each.zone === null ? undefined : named.get(each.zone);
    if (known) known.push(each);
    else {
      const group = { zone: each.zone, hosts: [each] };
      groups.push(group);
      if (each.zone !== null) named.set(each.zone, group.hosts);
    }
  }
  return groups;
}

type Placing = {
  readonly column: number;
  readonly y: number;
  readonly report: Report;
  readonly zones: ZoneBox[];
  readonly hosts: HostBox[];
};

function placeGroup(group: Group, { column, y, report, zones, hosts }: Placing): void {
  const isFramed = report.hosts.some(({ zone: name }) => name !== null);
  const inset = isFramed ? zone.padding : 0;
  const width = host.width + 2 * inset;
  const x = margin.left + column * (width + gap.column);
  let top = y + (isFramed ? zone.title : 0);
  for (const each of group.hosts) {
    const height = hostHeight(each, report);
    hosts.push({ host: each, x: x + inset, y: top, width: host.width, height });
    top += height + gap.stack;
  }
  if (group.zone !== null)
    zones.push({ name: group.zone, x, y, width, height: top - gap.stack + zone.padding - y });
}

function hostHeight({ name }: ReportHost, { nodes }: Report): number {
  const number = nodes.filter((node) => node.host === name).length;
  return host.header + number * chip.height + Math.max(0, number - 1) * chip.gap + host.padding;
}

function heightOf({ zone: name, hosts }: Group, report: Report): number {
  const stacked = hosts.reduce((sum, each) => sum + hostHeight(each, report) + gap.stack, -gap.stack);
  const isFramed = report.hosts.some((each) => each.zone !== null);
  return stacked + (isFramed ? zone.title : 0) + (name === null ? 0 : zone.padding);
}

function placeChips(box: HostBox, { nodes }: Report): readonly Chip[] {
  const own = nodes.filter((node) => node.host === box.host.name).toSorted((a, b) => portOf(a) - portOf(b));
  return own.map((node, index) => ({
    node,
    x: box.x + host.padding,
    y: box.y + host.header + index * (chip.height + chip.gap),
    width: chip.width,
    height: chip.height,
  }));
}

function portOf({ node }: ReportNode): number {
  return Number(node.slice(node.lastIndexOf(':') + 1));
}

function linksOf(chips: readonly Chip[]): readonly Link[] {
  return chips.flatMap((to) => {
    const from = chips.find(({ node }) => node.node === to.node.master);
    return from ? [{ ...curve(from, to), master: from.node, replica: to.node }] : [];
  });
}

/** From edge to facing edge; in one column out to the right and back. */
function curve(from: Chip, to: Chip): Pick<Link, 'path' | 'head'> {
  const [fromY, toY] = [from.y + from.height / 2, to.y + to.height / 2];
  const isSameColumn = Math.abs(from.x - to.x) < 1;
  const goesRight = to.x > from.x;
  const fromX = isSameColumn || goesRight ? from.x + from.width : from.x;
  const toX = isSameColumn || !goesRight ? to.x + to.width : to.x;
  const bulge = isSameColumn
    ? Math.min(44, 22 + Math.abs(toY - fromY) * 0.06)
    : gap.column / 2 + host.padding;
  const outward = isSameColumn || goesRight ? 1 : -1;
  const inward = isSameColumn || !goesRight ? 1 : -1;
  const tip = toX + inward * 2;
  const head = `${tip},${toY} ${tip + inward * 8},${toY - 4.5} ${tip + inward * 8},${toY + 4.5}`;
  const end = tip + inward * 7;
  return {
    path: `M${fromX},${fromY} C${fromX + outward * bulge},${fromY} ${end + inward * bulge},${toY} ${end},${toY}`,
    head,
  };
}
