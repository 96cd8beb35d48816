/** Events that an operation reports to its caller. It prints nothing; the CLI shows lines or a spinner. */
export type OperationEvent =
  | { readonly type: 'stage-started'; readonly stage: string; readonly title: string }
  | {
      readonly type: 'stage-finished';
      readonly stage: string;
      readonly title: string;
      readonly durationMs: number;
      readonly outcome: 'changed' | 'unchanged' | 'failed';
    }
  | { readonly type: 'host'; readonly host: string; readonly message: string }
  | { readonly type: 'node'; readonly node: string; readonly message: string }
  | {
      readonly type: 'warning';
      readonly message: string;
      readonly host?: string;
      readonly node?: string;
      readonly hints?: readonly string[];
    };

export type Emit = (event: OperationEvent) => void;
