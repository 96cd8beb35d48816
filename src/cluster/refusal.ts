/** Why forming a cluster must not go on; `reason` names the node. Neither holds a secret. */
export type Refusal = {
  readonly node: string;
  readonly reason: string;
  readonly hints: readonly string[];
};
