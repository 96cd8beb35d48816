import { OperationError } from '../base/errors.ts';
import type { ErrorDetails } from '../base/errors.ts';

/** How far a connection came: what is named failed, what stands before it in this list worked. */
export const connectStages = [
  'config',
  'resolve',
  'tcp',
  'handshake',
  'host-key',
  'authentication',
  'session',
  'privilege',
] as const;

export type ConnectStage = (typeof connectStages)[number];

/** A host could not be connected to, or its user cannot be root. */
export class ConnectError extends OperationError {
  readonly stage: ConnectStage;

  constructor(stage: ConnectStage, message: string, details: ErrorDetails) {
    super(message, details);
    this.stage = stage;
  }
}
