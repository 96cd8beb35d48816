import type { Emit } from '../session/events.ts';
import type { Prompter } from '../session/session.ts';

/** What a command is for; `--help` lists the commands by it, in this order. */
export const categories = ['Set up', 'Observe', 'Move masters', 'Change', 'Remove', 'Help'] as const;

/**
 * commander's syntax of an argument (`<node>`) or an option (`-o, --output <file>`), a description, and what
 * a shell offers for its value: NODE, SHARD and HOST stand for the inventory's, FILE for files; anything else
 * is offered as it stands.
 */
export type Parameter = readonly [syntax: string, description: string, offers?: readonly string[]];

/** One command of the command line, as data. The heavy part is loaded only when the command runs. */
export type CommandSpec = {
  readonly name: string;
  readonly category: (typeof categories)[number];
  /** One line for `--help`. */
  readonly summary: string;
  readonly arguments?: readonly Parameter[];
  readonly options?: readonly Parameter[];
  /** Text after the options in `--help`: an example a line. */
  readonly examples?: readonly string[];
  readonly load: () => Promise<{ readonly run: CommandRun }>;
};

/** Parses its options, calls one operation, says what to print. Prints nothing itself but live views. */
export type CommandRun = (invocation: Invocation) => Promise<CommandResult>;

/** What a command was asked, and the means to answer. */
export type Invocation = {
  readonly args: readonly (string | undefined)[];
  /** The command's own options, camel-cased by commander. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly global: GlobalOptions;
  readonly emit: Emit;
  readonly prompter: Prompter;
  /** Aborted by the first Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal;
  readonly terminal: Terminal;
  /** The command line as typed, without the program; holds no secret because no option takes one. */
  readonly commandLine: string;
};

export type GlobalOptions = {
  /** -i as given; `namedInventory` knows what holds without it. */
  readonly inventory: string | undefined;
  readonly json: boolean;
  readonly yes: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
};

/** What stdout can show. */
export type Terminal = {
  readonly interactive: boolean;
  readonly color: boolean;
  readonly columns: number;
};

/** `data` is printed with --json (schemaVersion and exitCode are added), `text` without. */
export type CommandResult = {
  readonly data: Readonly<Record<string, unknown>>;
  /** Without a final newline; '' prints nothing. */
  readonly text: string;
  /** Default 0. */
  readonly exitCode?: number;
};
