/** Why something is not done, and what to do about it. */
export type Reason = {
  readonly code: ReasonCode;
  readonly message: string;
  readonly hints: readonly string[];
};

export type ReasonCode =
  | 'no-answer'
  | 'no-shard'
  | 'no-replica'
  | 'master-login'
  | 'replica-unreachable'
  | 'replica-link-down'
  | 'replica-lags'
  | 'replica-empty'
  | 'replica-stale'
  | 'replica-drained'
  | 'no-bus-link'
  | 'master-unreachable'
  | 'failover-running'
  | 'slots-moving'
  | 'slots-uncovered'
  | 'cluster-down'
  | 'min-replicas'
  | 'no-majority'
  | 'majority'
  | 'master-alive'
  | 'only-copy'
  | 'busy'
  | 'no-final-save'
  | 'next-start'
  | 'in-use';
