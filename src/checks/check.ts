import type { CheckInput } from './input.ts';
import type { Topology } from './topology.ts';

export type Severity = 'critical' | 'warning' | 'info';

export type FindingId = `WR-${string}`;

/**
 * The findings of these ids; where nodes or hosts are named, only those that are about at least one of them.
 * A finding is about its `nodes` and its `hosts`.
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
   * The cluster settles this by itself within seconds (gossip under way, a replica linking up): verify looks
   * again before it reports it.
   */
  readonly passing?: boolean;
  /**
   * Where the same may be said of several nodes, hosts or files: which one this is about, and the title for
   * several. `runChecks` makes one finding of them (`mergeShared`).
   */
  readonly shared?: { readonly by: string; readonly title: string };
  /**
   * What follows from this finding. Where the report holds such findings they are listed below this one,
   * without remedies of their own, and this one is at least as severe. A check never keeps silent because it
   * believes that another one reports the cause: it reports, and one of the two names the other here or in
   * `dueTo`.
   */
  readonly explains?: readonly FindingMatch[];
  /** The causes that this finding follows from, where the report holds them; else it stands by itself. */
  readonly dueTo?: readonly FindingMatch[];
  /** Its commands count on those of the findings before it that say so too: the report keeps their order. */
  readonly inOrder?: boolean;
  /** It adds nothing to its cause: left out where the report holds one. */
  readonly backstop?: boolean;
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
