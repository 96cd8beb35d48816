import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { runChecks } from '../../../src/checks/run.ts';
import { drawTopology } from '../../../src/report/drawing.ts';
import { renderHtml } from '../../../src/report/html.ts';
import { renderJunit } from '../../../src/report/junit.ts';
import { buildReport } from '../../../src/report/report.ts';
import { type Report, reportSchema } from '../../../src/report/schema.ts';
import { slotSegments } from '../../../src/report/slot-map.ts';
import { inputOf, readCase } from '../../support/check-case.ts';

const folder = fileURLToPath(new URL('../../fixtures/checks/', import.meta.url));

function reportOf(name: string): Report {
  const input = inputOf(readCase(`${folder}${name}.yaml`));
  return buildReport(input, runChecks(input), { startedAt: input.now, durationMs: 812.4, looks: 1 });
}

describe('the JSON report', () => {
  test.each(['healthy-three-hosts', 'healthy-standalone', 'cluster/cut-host', 'live/write-test'])(
    'of %s is what its schema says, and nothing else',
    (name) => {
      const report: unknown = JSON.parse(JSON.stringify(reportOf(name)));
      expect(reportSchema.parse(report)).toEqual(report);
    },
  );

  test('names the verdict by the worst finding', () => {
    const verdicts = [
      'healthy-three-hosts',
      'persistence/rdb-overdue',
      'configuration/live',
      'cluster/cut-host',
    ];
    expect(verdicts.map((name) => reportOf(name).verdict)).toEqual([
      'healthy',
      'healthy',
      'warning',
      'critical',
    ]);
  });

  test('holds no secret', () => {
    expect(JSON.stringify(reportOf('configuration/password-in-file'))).not.toMatch(
      /not-a-default|other-secret/,
    );
  });

  test('lists each master before its replicas, and what failed over under its shard', () => {
    const rows = reportOf('redundancy/after-failover').nodes.map(({ shard, node, role }) => [
      shard,
      node,
      role,
    ]);
    expect(rows.slice(0, 2)).toEqual([
      [1, 'redis2:7004', 'master'],
      [1, 'redis1:7000', 'replica'],
    ]);
  });

  test('tells what the loss of each host would do', () => {
    const sentences = reportOf('redundancy/after-failover').whatIf.map(({ sentence }) => sentence);
    expect(sentences).toEqual([
      'if redis1 dies: the cluster stays up',
      'if redis2 dies: shard 1, shard 2 are lost, only 1 of the 2 masters that must agree are left, the cluster goes down',
      'if redis3 dies: shard 3 fails over to redis1:7003, the cluster stays up',
    ]);
  });
});

describe('JUnit', () => {
  const xml = renderJunit(reportOf('cluster/cut-host'));

  test('has a case for every check and a failure for every check that found something', () => {
    expect(xml.match(/<testcase /g)).toHaveLength(reportOf('cluster/cut-host').checks.length);
    expect(xml.match(/<failure /g)).toHaveLength(1);
    expect(xml).toContain('failures="1"');
    expect(xml).toContain('type="critical" message="redis1 cannot be reached"');
  });

  test('tells info without failing', () => {
    const told = renderJunit(reportOf('persistence/rdb-overdue'));
    expect(told).not.toContain('<failure');
    expect(told).toContain('<system-out>WR-RDB-OVERDUE (info)');
  });

  test('escapes what XML cannot hold', () => {
    const report = reportOf('cluster/cut-host');
    const findings = report.findings.map((finding) => ({ ...finding, title: 'a<b & "c"\u0007' }));
    expect(renderJunit({ ...report, findings })).toContain('message="a&lt;b &amp; &quot;c&quot;\\x07"');
  });
});

describe('the slot map', () => {
  test('covers every slot once, free ones as well', () => {
    const segments = slotSegments(reportOf('cluster/deleted-slot'));
    expect(segments.map(({ range, owner }) => [range, owner?.node])).toEqual([
      ['0-99', 'redis1:7000'],
      ['100', undefined],
      ['101-5460', 'redis1:7000'],
      ['5461-10922', 'redis2:7001'],
      ['10923-16383', 'redis3:7002'],
    ]);
    expect(segments.reduce((sum, { slots }) => sum + slots, 0)).toBe(16_384);
  });
});

describe('the drawing', () => {
  const report = reportOf('healthy-zones');

  test.each([1, 3])('in %i columns has every node once and inside its host, inside its zone', (columns) => {
    const { hosts, chips, zones, links, width, height } = drawTopology(report, columns);
    expect(chips.map(({ node }) => node.node).toSorted()).toEqual(
      report.nodes.map(({ node }) => node).toSorted(),
    );
    for (const chip of chips) {
      const host = hosts.find((box) => box.host.name === chip.node.host);
      expect(host && contains(host, chip)).toBe(true);
    }
    for (const box of hosts)
      expect(zones.filter((zone) => contains(zone, box)).map(({ name }) => name)).toEqual([box.host.zone]);
    for (const zone of zones) expect(contains({ x: 0, y: 0, width, height }, zone)).toBe(true);
    for (const [index, box] of hosts.entries())
      for (const other of hosts.slice(index + 1)) expect(overlap(box, other)).toBe(false);
    expect(links).toHaveLength(6);
  });
});

type Box = { readonly x: number; readonly y: number; readonly width: number; readonly height: number };

const contains = (outer: Box, inner: Box): boolean =>
  inner.x >= outer.x &&
  inner.y >= outer.y &&
  inner.x + inner.width <= outer.x + outer.width &&
  inner.y + inner.height <= outer.y + outer.height;

const overlap = (a: Box, b: Box): boolean =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

describe('the page', () => {
  test('loads nothing and runs nothing', () => {
    const html = renderHtml(reportOf('cluster/cut-host'));
    expect(html).not.toMatch(/<script|<link|<img|@import|url\(|https?:/i);
    expect(html).toContain("default-src 'none'");
  });

  test('escapes everything', () => {
    const report = reportOf('cluster/cut-host');
    const evil = '"><script>alert(1)</script>';
    const findings = report.findings.map((finding) => ({
      ...finding,
      title: evil,
      seen: evil,
      remedy: [evil],
    }));
    const hosts = report.hosts.map((host) => ({ ...host, address: evil, reachable: true }));
    const html = renderHtml({ ...report, cluster: evil, summary: evil, findings, hosts });
    expect(html).not.toContain('<script');
    expect(html).toContain('&lt;script&gt;');
  });

  test('says that nothing was found', () => {
    expect(renderHtml(reportOf('healthy-three-hosts'))).toContain('Nothing was found.');
  });
});
