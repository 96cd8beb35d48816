import * as z from 'zod';

/**
 * The report of `verify` and `status`, as `--json` prints it; `schema/verify.schema.json` is generated from
 * it. Fields are only ever added: a reader may ignore fields that it does not know. Bytes, milliseconds
 * unless named.
 */
const severity = z.enum(['critical', 'warning', 'info']);
const text = z.string();
const whole = z.int();

const finding = z.object({
  id: z
    .string()
    .regex(/^WR-[A-Z-]+$/)
    .describe('Stable; docs/findings.md explains each'),
  severity,
  title: text,
  nodes: z.array(text).describe('Inventory ids of all nodes concerned: what several share is one finding'),
  hosts: z.array(text).describe('Names of the hosts concerned'),
  seen: text.describe('For people; where nodes or hosts differ, as `redis1 and redis2: 0; redis3: 2`'),
  expected: text,
  why: text,
  remedy: z
    .array(text)
    .describe('Commands, in order, runnable as printed; a line after # says what only the operator can do'),
  explainedBy: z
    .object({ id: text, title: text })
    .nullable()
    .describe('The finding that this one follows from: fix that one. null: a cause'),
});

const hostRow = z.object({
  name: text,
  address: text,
  zone: text.nullable(),
  reachable: z.boolean(),
  reason: text.nullable().describe('Why it could not be reached'),
  worst: severity.nullable().describe('The worst finding about it'),
});

const lag = z.object({
  bytes: whole.describe('As the master counts it'),
  seconds: whole.describe('Since the replica was last heard of'),
});

const nodeRow = z.object({
  node: text,
  host: text,
  zone: text.nullable(),
  address: text,
  role: z.enum(['master', 'replica', 'standalone', 'unknown']),
  shard: whole.nullable().describe("The inventory's number of the shard it serves now"),
  master: text.nullable().describe('The node that it replicates'),
  reachable: z.boolean(),
  reason: text.nullable(),
  worst: severity.nullable(),
  slots: whole,
  slotRanges: text.describe('As `0-5460,5462`'),
  keys: whole.nullable(),
  usedMemory: whole.nullable(),
  maxMemory: whole.nullable().describe('0: no limit'),
  link: z.enum(['up', 'down']).nullable().describe("A replica's own link to its master"),
  lag: lag.nullable(),
  opsPerSecond: whole.nullable(),
  hits: whole.nullable().describe('keyspace_hits since start'),
  misses: whole.nullable(),
  clients: whole.nullable(),
  uptimeSeconds: whole.nullable(),
  version: text.nullable(),
});

const loss = z.object({
  kind: z.enum(['host', 'zone']),
  name: text,
  isKnown: z.boolean().describe('false: it depends on nodes that do not respond'),
  staysUp: z.boolean().nullable().describe('null: it depends on nodes that do not respond'),
  failovers: z.array(z.object({ shard: text, from: text, to: text })),
  lostShards: z.array(text),
  unknownShards: z.array(text).describe('Nodes that decide it do not respond'),
  bareShards: z.array(text).describe('Would serve on without a replica'),
  voters: whole,
  quorum: whole,
  sentence: text,
});

const writeTest = z.object({
  shard: text,
  master: text,
  replicas: z.array(text),
  acknowledged: whole,
  readFrom: z.array(text),
  removed: z.boolean(),
  durationMs: z.number(),
  error: text.nullable(),
});

export const reportSchema = z.object({
  cluster: text,
  mode: z.enum(['cluster', 'standalone']),
  verdict: z.enum(['healthy', 'warning', 'critical']).describe('healthy: no finding, or info alone'),
  summary: text.describe('The verdict in one line'),
  checkedAt: z.iso.datetime(),
  durationMs: z.number(),
  looks: whole.describe('More than one: something passing was looked at again'),
  hosts: z.array(hostRow),
  nodes: z.array(nodeRow).describe('Each master followed by its replicas'),
  checks: z.array(
    z.object({ name: text, section: text, findings: z.array(text).describe('Ids of what it found') }),
  ),
  findings: z
    .array(finding)
    .describe('Causes, worst first, each followed by the findings that follow from it (explainedBy)'),
  whatIf: z.array(loss),
  writeTest: z.array(writeTest).nullable().describe('null: not asked for'),
});

/** The whole document that `verify --json` prints when it could look. */
export const verifyDocumentSchema = z.object({
  schemaVersion: z.literal(1),
  ok: z.boolean().describe('No finding as bad as --fail-on'),
  exitCode: z.union([z.literal(0), z.literal(3)]),
  ...reportSchema.shape,
});

export type Report = DeepReadonly<z.output<typeof reportSchema>>;
export type ReportFinding = Report['findings'][number];
export type ReportNode = Report['nodes'][number];
export type ReportHost = Report['hosts'][number];

type DeepReadonly<T> = T extends object ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> } : T;
