/** A subset of the events of operations. */
export type FormEvent =
  | { readonly type: 'node'; readonly node: string; readonly message: string }
  | {
      readonly type: 'warning';
      readonly node: string;
      readonly message: string;
      readonly hints?: readonly string[];
    };
