import type { Directives } from '../../render/directives.ts';
import type { NodeLayout } from '../../render/layout.ts';
import type { NodeData } from '../facts.ts';
import type { PeersWord } from './word.ts';

/** One node that is to be started, and all that a start depends on. */
export type StartQuestion = {
  readonly layout: NodeLayout;
  /** The inventory's name of its host, and of every node, to tell a renamed node from another one. */
  readonly host: string;
  readonly nodes: readonly string[];
  readonly server: { readonly kind: 'redis' | 'valkey'; readonly version: string | undefined };
  /** The configuration that it would be started with. */
  readonly directives: Directives;
  /** What lies there as its configuration now; undefined: none. */
  readonly onDisk: string | undefined;
  readonly data: NodeData;
  readonly word: PeersWord;
  /** Data that is where an earlier version of the tool had it is moved before the start. */
  readonly isMoved?: boolean;
};

/** A reason not to start it: what is there and what would be lost, then the safe way, a line each. */
export type StartReason = {
  readonly message: string;
  readonly hints: readonly string[];
  /** What other nodes may have in common with it: the message without names and places. */
  readonly shared?: string;
  /** Its nodes.conf is not its own or not there: what the node has is replaced, as a damaged file is. */
  readonly isIdentity?: true;
  /** The replica, by inventory id, that has the data: it is to take over first. */
  readonly heir?: string;
  /** The heir is down itself, and its disk has the data: it is started before the takeover. */
  readonly isHeirDown?: true;
  /** Those of the hints that name another way than the takeover. */
  readonly otherWays?: readonly string[];
};
