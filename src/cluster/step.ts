import { countSlots, describeRanges } from './slots.ts';
import type { SlotRange } from './view.ts';

/**
 * One change to a cluster, as data. `node` is the node that receives the command, by inventory id.
 * `describeClusterStep` prints a step and `redis/apply` does it, from the same value.
 */
export type ClusterStep =
  | {
      readonly kind: 'set-config';
      readonly node: string;
      readonly directive: string;
      readonly value: string;
      readonly why: string;
    }
  /** Sets the inventory's password as requirepass and masterauth. The step does not hold the value. */
  | { readonly kind: 'set-password'; readonly node: string }
  /** ACL SETUSER; the rules hold a password's hash at most. */
  | {
      readonly kind: 'set-user';
      readonly node: string;
      readonly user: string;
      readonly rules: readonly string[];
      /** In place of what the user may do. */
      readonly what?: string;
    }
  /** ACL DELUSER: a user that the inventory no longer has; its connections end. */
  | { readonly kind: 'remove-user'; readonly node: string; readonly user: string }
  /** Live settings for as long as the plan runs; `after` is set again when it ends, however it ends. */
  | {
      readonly kind: 'set-temporarily';
      readonly node: string;
      readonly settings: readonly TemporarySetting[];
    }
  | { readonly kind: 'assign-slots'; readonly node: string; readonly ranges: readonly SlotRange[] }
  /** CLUSTER FORGET of an id that no node has any more. */
  | { readonly kind: 'forget'; readonly node: string; readonly nodeId: string }
  | { readonly kind: 'set-config-epoch'; readonly node: string; readonly epoch: number }
  /** `node` introduces itself to each peer; the peers learn of it in turn. */
  | { readonly kind: 'meet'; readonly node: string; readonly peers: readonly Peer[] }
  | {
      readonly kind: 'replicate';
      readonly node: string;
      readonly master: string;
      readonly masterNodeId: string;
    }
  /** Lets a replica be elected that was kept from it (`noFailover`), once it is in sync. */
  | { readonly kind: 'allow-election'; readonly node: string }
  | {
      readonly kind: 'failover';
      readonly node: string;
      readonly mode: 'graceful' | 'force' | 'takeover';
    };

/**
 * Has a running node write the append-only file, or write it no longer. It is done when everything the node
 * holds is on disk in the form that its next start will read.
 */
export type SwitchStep = {
  readonly kind: 'switch-append-only';
  readonly node: string;
  readonly to: 'yes' | 'no';
  /** It runs with `appendonly no` already. */
  readonly isOff?: boolean;
  /** It runs with `appendonly yes` already. */
  readonly isOn?: boolean;
  readonly why: string;
};

export function describeSwitch({ node, to, isOn, why }: SwitchStep): string {
  if (isOn) return `${node}: wait until the append-only file is complete (${why})`;
  return to === 'yes'
    ? `${node}: set appendonly to yes, and wait until the append-only file is complete (${why})`
    : `${node}: save a snapshot, set appendonly to no, and save again (${why})`;
}

/** The directive that keeps a replica from being elected; only a running server has it. */
export const noFailover = 'cluster-replica-no-failover';

export type StepOf<K extends ClusterStep['kind']> = Extract<ClusterStep, { readonly kind: K }>;

export type TemporarySetting = {
  readonly directive: string;
  readonly during: string;
  readonly after: string;
};

/** A node as CLUSTER MEET needs it: `node` is its inventory id, `address` an IP address. */
export type Peer = {
  readonly node: string;
  readonly address: string;
  readonly port: number;
  readonly busPort: number;
};

/** One line for people: what will be sent to which node. */
export function describeClusterStep(step: ClusterStep): string {
  switch (step.kind) {
    case 'set-config':
      return `${step.node}: set ${step.directive} to ${step.value} (${step.why})`;
    case 'set-password':
      return `${step.node}: set the password`;
    case 'set-user':
      return `${step.node}: ${step.what ?? `set what the user ${step.user} may do`}`;
    case 'remove-user':
      return `${step.node}: remove the user ${step.user}`;
    case 'set-temporarily':
      return `${step.node}: set ${step.settings.map(describeSetting).join(', ')} while the cluster forms`;
    case 'assign-slots':
      return `${step.node}: take ${describeCount(countSlots(step.ranges))} (${describeRanges(step.ranges)})`;
    case 'forget':
      return `${step.node}: forget ${step.nodeId}`;
    case 'set-config-epoch':
      return `${step.node}: set config epoch ${step.epoch}`;
    case 'meet':
      return `${step.node}: meet ${step.peers.map((peer) => peer.node).join(', ')}`;
    case 'replicate':
      return `${step.node}: replicate ${step.master}`;
    case 'allow-election':
      return `${step.node}: may take over again, once it is in sync`;
    case 'failover':
      return `${step.node}: take over from its master (${step.mode} failover)`;
  }
}

const describeCount = (slots: number): string => (slots === 1 ? '1 slot' : `${slots} slots`);

const describeSetting = ({ directive, during, after }: TemporarySetting): string =>
  `${directive} to ${during} (then ${after})`;
