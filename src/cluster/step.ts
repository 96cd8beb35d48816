import type { SlotRange } from './view.ts';

/**
 * One change to a cluster, as data. `node` is the node that receives the command, by inventory id.
 * `describeStep` prints a step and `redis/apply` does it, from the same value.
 */
export type ClusterStep =
  | {
      readonly kind: 'set-config';
      readonly node: string;
      readonly directive: string;
      readonly value: string;
      readonly why: string;
    }
  | { readonly kind: 'assign-slots'; readonly node: string; readonly ranges: readonly SlotRange[] }
  | { readonly kind: 'set-config-epoch'; readonly node: string; readonly epoch: number }
  | {
      readonly kind: 'meet';
      readonly node: string;
      readonly peer: string;
      readonly address: string;
      readonly port: number;
      readonly busPort: number;
    }
  | {
      readonly kind: 'replicate';
      readonly node: string;
      readonly master: string;
      readonly masterNodeId: string;
    }
  | {
      readonly kind: 'failover';
      readonly node: string;
      readonly mode: 'graceful' | 'force' | 'takeover';
    };
