import { inLine } from '../base/harmless.ts';
import type { Severity } from '../checks/check.ts';
import type { CheckInput } from '../checks/input.ts';
import { type Judged, severities } from '../checks/fold.ts';
import { type CheckResult, worstFirst } from '../checks/run.ts';
import { count } from '../checks/text.ts';
import { topologyOf } from '../checks/topology.ts';
import { simulateLosses } from '../checks/what-if.ts';
import { nodeTable, worstOf } from './node-table.ts';
import type { Report, ReportFinding } from './schema.ts';

export type Timing = { readonly startedAt: number; readonly durationMs: number; readonly looks: number };

/** Everything that was found, ready for people and machines. Pure; holds no secret. */
export function buildReport(
  input: CheckInput,
  results: readonly CheckResult[],
  { startedAt, durationMs, looks }: Timing,
): Report {
  const { inventory, view, hosts, writeTest } = input;
  const topology = topologyOf(input);
  const findings = worstFirst(results);
  return {
    cluster: inventory.cluster,
    mode: inventory.mode,
    verdict: verdictOf(findings),
    summary: summarize(input, findings),
    checkedAt: new Date(startedAt).toISOString(),
    durationMs: Math.round(durationMs),
    looks,
    hosts: inventory.hosts.map(({ name, address, zone }) => {
      const host = hosts[name];
      return {
        name,
        address,
        zone: zone ?? null,
        reachable: host?.reachable === true,
        reason: host && !host.reachable ? host.reason : null,
        worst: worstOf(findings.filter((finding) => finding.hosts.includes(name))),
      };
    }),
    nodes: nodeTable({ inventory, view, topology, findings }),
    checks: results.map(({ name, section, findings: found }) => ({
      name,
      section,
      findings: found.map(({ id }) => id),
    })),
    findings: findings.map(reported),
    whatIf: lossesOf(input),
    writeTest: writeTest?.map((result) => ({ ...result, error: result.error ?? null })) ?? null,
  };
}

/** JSON has no undefined: what is not known is null. */
const lossesOf = ({ inventory, view }: CheckInput): Report['whatIf'] =>
  inventory.mode === 'standalone'
    ? []
    : simulateLosses(inventory, view).map((loss) => ({ ...loss, staysUp: loss.staysUp ?? null }));

/** Whether it would pass by itself was settled before. */
function reported({
  id,
  severity,
  title,
  nodes,
  hosts,
  seen,
  expected,
  why,
  remedy,
  explainedBy: cause,
}: Judged): ReportFinding {
  // A value of a server, of a host or of a file must not pass for lines of the report.
  const explainedBy = cause ? { id: cause.id, title: inLine(cause.title) } : null;
  const told = { title: inLine(title), seen: inLine(seen), expected: inLine(expected) };
  return { id, severity, ...told, nodes, hosts, why, remedy: remedy.map(inLine), explainedBy };
}

/** Worst of the findings; info alone is healthy. */
function verdictOf(findings: readonly { readonly severity: Severity }[]): Report['verdict'] {
  if (findings.some(({ severity }) => severity === 'critical')) return 'critical';
  return findings.some(({ severity }) => severity === 'warning') ? 'warning' : 'healthy';
}

/** `weedgo-prod is healthy: 3 shards, 6 nodes on 3 hosts, all slots served`. */
function summarize({ inventory, view }: CheckInput, findings: readonly Judged[]): string {
  const { cluster, nodes, hosts, mode } = inventory;
  const answering = view.nodes.filter(({ reachable }) => reachable).length;
  const size = `${answering} of ${count(nodes.length, 'node')} on ${count(hosts.length, 'host')} answer${answering === 1 ? 's' : ''}`;
  const down = view.nodes.filter(
    (node) => node.reachable && node.clusterInfo['cluster_state'] !== 'ok',
  ).length;
  const state = mode === 'standalone' || down === 0 ? [] : [`cluster state fail on ${count(down, 'node')}`];
  const counts = severities.flatMap((severity) => {
    const number = findings.filter(
      (finding) => finding.severity === severity && finding.explainedBy === undefined,
    ).length;
    return number === 0 ? [] : [`${number} ${severity}`];
  });
  const verdict = verdictOf(findings);
  const word =
    verdict === 'healthy' ? 'is healthy' : verdict === 'warning' ? 'has warnings' : 'is in trouble';
  return `${cluster} ${word}: ${[...counts, size, ...state].join(', ')}`;
}
