import type { ClusterView, InfoFields } from '../cluster/view.ts';
import type { Evidence } from '../host/diagnosis/evidence.ts';
import type { Facts } from '../host/facts.ts';
import type { Inventory } from '../inventory/inventory.ts';
import type { RenderedFile } from '../render/render.ts';
import type { HostProbe, NodeProbe, WriteTestResult } from './probe.ts';
import type { Topology } from './topology.ts';

export type Severity = 'critical' | 'warning' | 'info';

export type FindingId = `WR-${string}`;

/**
 * The findings of these ids; where nodes or hosts are named, only those that are about at least one of them. A
 * finding is about its `nodes` and its `hosts`.
 */
export type FindingMatch = {
  readonly ids: readonly FindingId[];
  readonly nodes?: readonly string[];
  readonly hosts?: readonly string[];
};

/** One thing that a check has to say. Texts hold no secret. */
export type Finding = {
  /** Stable, such as `WR-SLOTS-UNCOVERED`; documented in docs/findings.md. */
  readonly id: FindingId;
  readonly severity: Severity;
  /** One line for a list. */
  readonly title: string;
  /** Inventory node ids concerned, then host names concerned. */
  readonly nodes: readonly string[];
  readonly hosts: readonly string[];
  readonly seen: string;
  readonly expected: string;
  /** Why it matters, one sentence. */
  readonly why: string;
  /** The exact commands that fix it, in order; runnable as printed. */
  readonly remedy: readonly string[];
  /**
   * The cluster settles this by itself within seconds (gossip under way, a replica linking up): verify looks again
   * before it reports it.
   */
  readonly passing?: boolean;
  /**
   * Where the same may be said of several nodes, hosts or files: which one this is about, and the title for several.
   * `runChecks` makes one finding of them (`mergeShared`).
   */
  readonly shared?: { readonly by: string; readonly title: string };
  /**
   * What follows from this finding. Where the report holds such findings they are listed below this one, without
   * remedies of their own, and this one is at least as severe. A check never keeps silent because it believes that
   * another one reports the cause: it reports, and one of the two names the other here or in `dueTo`.
   */
  readonly explains?: readonly FindingMatch[];
  /** The causes that this finding follows from, where the report holds them; else it stands by itself. */
  readonly dueTo?: readonly FindingMatch[];
  /** Its commands count on those of the findings before it that say so too: the report keeps their order. */
  readonly inOrder?: boolean;
  /** It adds nothing to its cause: left out where the report holds one. */
  readonly backstop?: boolean;
};

/** Times are ISO 8601. */
export type Pending = {
  /** Drained hosts, by name: since when. */
  readonly drained: Readonly<Record<string, string>>;
  /** A rolling restart that did not come to its end. */
  readonly restart: { readonly since: string; readonly nodes: readonly string[] } | undefined;
  /** A drill that did not: since when. */
  readonly drill: string | undefined;
};

export type HostFacts =
  | { readonly reachable: true; readonly facts: Facts }
  | { readonly reachable: false; readonly reason: string };

/** Everything a check may look at; no check does I/O. */
export type CheckInput = {
  readonly inventory: Inventory;
  readonly view: ClusterView;
  /** By host name. */
  readonly hosts: Readonly<Record<string, HostFacts>>;
  /** The files that each reachable host should have, by host name; they hold passwords. */
  readonly files: Readonly<Record<string, readonly RenderedFile[]>>;
  /** The operator's clock when the facts were read, ms since the epoch. */
  readonly now: number;
  /** By node id; no entry where nothing could be asked. */
  readonly probes: Readonly<Record<string, NodeProbe>>;
  /** By host name; no entry where nothing could be asked. */
  readonly hostProbes: Readonly<Record<string, HostProbe>>;
  /** What was looked at where a node does not run, or its log where it could not save, by node id; else no entry. */
  readonly evidence: Readonly<Record<string, Evidence>>;
  /** Where connections to a node come from that accepts no more, by node id, the most numerous first. */
  readonly connections: Readonly<
    Record<string, readonly { readonly address: string; readonly count: number }[]>
  >;
  /**
   * INFO of the first of several looks, by node id: what a counter has grown by since. undefined: this is the first.
   */
  readonly first: Readonly<Record<string, InfoFields>> | undefined;
  /** What operators have begun and not yet ended, as the hosts remember it. */
  readonly pending: Pending;
  /** Why `pending` could not be read, and so says nothing. */
  readonly pendingUnread?: string | undefined;
  /** The inventory's password is one that guides print or that everybody tries first. */
  readonly passwordPublished: boolean;
  /** What the write test met, one entry a shard; undefined when it was not asked for. */
  readonly writeTest: readonly WriteTestResult[] | undefined;
};

export type Section =
  | 'cluster'
  | 'redundancy'
  | 'configuration'
  | 'persistence'
  | 'load'
  | 'security'
  | 'host'
  | 'live';

/** A pure function of what was observed. One file a check, one line in `checks/registry.ts`. */
export type Check = {
  readonly name: string;
  /** Which section of the report it belongs to. */
  readonly section: Section;
  /** Needs a cluster: left out in standalone mode. */
  readonly cluster?: boolean;
  readonly run: (input: CheckInput, topology: Topology) => readonly Finding[];
};
