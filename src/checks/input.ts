import type { ClusterView, InfoFields } from '../cluster/view.ts';
import type { Evidence } from '../host/diagnosis/evidence.ts';
import type { Facts } from '../host/facts.ts';
import type { Defaults } from '../render/leftovers.ts';
import type { Inventory } from '../inventory/inventory.ts';
import type { RenderedFile } from '../render/render.ts';
import type { HostProbe, NodeProbe, StrayKeys, WriteTestResult } from './probe.ts';

/** Times are ISO 8601. */
export type Pending = {
  /** Drained hosts, by name: since when. */
  readonly drained: Readonly<Record<string, string>>;
  /** A rolling restart that was interrupted. */
  readonly restart:
    | {
        readonly since: string;
        readonly nodes: readonly string[];
        /** The command that it is a part of; undefined: `restart` itself. */
        readonly command?: 'provision' | undefined;
      }
    | undefined;
  /** A drill that was interrupted: since when. */
  readonly drill: string | undefined;
  /** The command that is at one of these now: who runs it, and what it is for. */
  readonly underWay?: { readonly owner: string; readonly reason: string } | undefined;
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
  /** Defaults of the server that is installed, by host name; no entry where they are not known. */
  readonly defaults: Readonly<Record<string, Defaults>>;
  /** The files that each reachable host should have, by host name; they hold passwords. */
  readonly files: Readonly<Record<string, readonly RenderedFile[]>>;
  /** The operator's clock when the facts were read, ms since the epoch. */
  readonly now: number;
  /** By node id; no entry where nothing could be asked. */
  readonly probes: Readonly<Record<string, NodeProbe>>;
  /** By host name; no entry where nothing could be asked. */
  readonly hostProbes: Readonly<Record<string, HostProbe>>;
  /**
   * What was looked at where a node does not run, or its log where it could not save, by node id; else no
   * entry.
   */
  readonly evidence: Readonly<Record<string, Evidence>>;
  /** Where connections to a node come from that accepts no more, by node id, the most numerous first. */
  readonly connections: Readonly<
    Record<string, readonly { readonly address: string; readonly count: number }[]>
  >;
  /**
   * INFO of the first of several looks, by node id: what a counter has grown by since. undefined: this is the
   * first.
   */
  readonly first: Readonly<Record<string, InfoFields>> | undefined;
  /** By node id; no entry where there are none, or the number is not known. */
  readonly strayKeys: Readonly<Record<string, StrayKeys>>;
  /** What operators have begun and not yet ended, as the hosts remember it. */
  readonly pending: Pending;
  /** Why `pending` could not be read, and so says nothing. */
  readonly pendingUnread?: string | undefined;
  /** The inventory's password is one that guides print or that everybody tries first. */
  readonly passwordPublished: boolean;
  /** What the write test met, one entry a shard; undefined when it was not asked for. */
  readonly writeTest: readonly WriteTestResult[] | undefined;
};
