import type { ReachableView } from '../../cluster/view.ts';
import type { Defaults } from '../../render/leftovers.ts';
import type { NodeData, ProcessState } from '../../host/facts.ts';
import type { Directives } from '../../render/directives.ts';

/** A running node with its desired directives, and those in the file that is on its host. */
export type RunningNode = {
  readonly host: string;
  readonly view: ReachableView;
  readonly desired: Directives;
  readonly onDisk: Directives;
  readonly data: NodeData;
  /** Of the server that runs; undefined: not known. */
  readonly version: string | undefined;
  readonly process: ProcessState | undefined;
  /** What systemctl edit adds to its unit. */
  readonly dropIns: readonly string[];
  /** Its process was started before its file was written. */
  readonly isOlderThanFile: boolean;
  /** Of the server that runs; undefined: not known. */
  readonly defaults: Defaults | undefined;
  /** The version that is installed, where it is of another series than the one that runs. */
  readonly otherSeries: string | undefined;
  /** What was renewed under the running process, a clause each: its unit, the server's program. */
  readonly renewed: readonly string[];
  /** It is restarted in its own place; undefined: it runs there. */
  readonly move: NodeMove | undefined;
};

/** A running node that an earlier version of the tool made: a restart brings it to its own place. */
export type NodeMove = {
  /** Inventory id. */
  readonly node: string;
  readonly role: 'master' | 'replica';
  readonly from: string;
  readonly to: string;
};
