import { exitCodes, HostsFailedError, InterruptedError, runAgain, WeedgoError } from '../base/errors.ts';
import type { CommandResult, CommandSpec, GlobalOptions, Invocation } from './command.ts';
import { formatFailure, failureDocument, exitCodeOf } from './failure.ts';
import { onUnread, printJson, printNote, printResult } from './output.ts';
import { createProgress } from './progress.ts';
import { createPrompter } from './prompter.ts';
import { nameInventory, nameInventoryIn, nameInventoryOf } from './name-inventory.ts';
import { describeTerminal } from './terminal.ts';

/** What commander understood; nothing of it is trusted to be well-formed beyond commander's own checks. */
export type ParsedCommandLine = {
  readonly args: readonly unknown[];
  readonly options: Readonly<Record<string, unknown>>;
  readonly global: Readonly<Record<string, unknown>>;
};

/** Runs one command and prints its result or its failure. Resolves to the process's exit code. */
export async function runCommand(spec: CommandSpec, parsed: ParsedCommandLine): Promise<number> {
  const interrupt = interruptSignal();
  const json = parsed.global['json'] === true;
  const progress = await createProgress({
    quiet: parsed.global['quiet'] === true,
    verbose: parsed.global['verbose'] === true,
    color: parsed.global['color'] !== false,
  });
  const invocation = invocationFor(parsed, progress.emit, interrupt.signal);
  const { inventory } = invocation.global;
  try {
    const { run } = await spec.load();
    const result = await run(invocation);
    progress.stop();
    report({ ...result, text: nameInventory(result.text, inventory) }, json);
    return result.exitCode ?? exitCodes.ok;
  } catch (thrown) {
    progress.stop();
    const error = interrupt.signal.aborted ? asInterrupted(thrown) : thrown;
    if (json) printJson(nameInventoryIn(failureDocument(error), inventory));
    const { color } = describeTerminal('stderr', parsed.global);
    printNote(nameInventory(formatFailure(error, color), inventory));
    return exitCodeOf(error);
  } finally {
    interrupt.dispose();
  }
}

function invocationFor(parsed: ParsedCommandLine, emit: Invocation['emit'], signal: AbortSignal): Invocation {
  const { global } = parsed;
  const inventory = typeof global['inventory'] === 'string' ? global['inventory'] : undefined;
  return {
    // A variadic argument is a list.
    args: parsed.args.flat().map((arg) => (typeof arg === 'string' ? arg : undefined)),
    options: parsed.options,
    global: {
      inventory,
      json: global['json'] === true,
      yes: global['yes'] === true,
      quiet: global['quiet'] === true,
      verbose: global['verbose'] === true,
    } satisfies GlobalOptions,
    emit: (event) => emit(nameInventoryOf(event, inventory)),
    signal,
    prompter: createPrompter(signal),
    terminal: describeTerminal('stdout', global),
    commandLine: process.argv.slice(2).join(' '),
  };
}

function report({ data, text, exitCode = exitCodes.ok }: CommandResult, json: boolean): void {
  if (json) printJson({ schemaVersion: 1, exitCode, ...data });
  else if (text !== '') printResult(text);
}

/** The interruption. Its hints include the error that it caused, or that occurred at the same time. */
function asInterrupted(thrown: unknown): InterruptedError {
  if (thrown instanceof InterruptedError && thrown.hints.length > 0) return thrown;
  const isInterruption = thrown instanceof InterruptedError;
  const extra = thrown instanceof WeedgoError && !isInterruption ? linesOf(thrown) : [];
  const interrupted = new InterruptedError(isInterruption ? thrown.message : 'by Ctrl-C or a signal', {
    cause: thrown,
    hints: [...extra, runAgain],
  });
  interrupted.changes = thrown instanceof WeedgoError ? thrown.changes : undefined;
  return interrupted;
}

/** All that an error says, that of every host included. */
const linesOf = (error: WeedgoError): readonly string[] => [
  error.message,
  ...error.hints,
  ...(error instanceof HostsFailedError ? error.failures.flatMap(linesOf) : []),
];

/**
 * First Ctrl-C, SIGTERM or SIGHUP (the terminal was closed): stop at the next step boundary. Second: leave at
 * once. A live view ends when nobody reads it any more; every other result is printed when all is done.
 */
function interruptSignal(): { signal: AbortSignal; dispose: () => void } {
  const controller = new AbortController();
  const onSignal = (): void => {
    if (controller.signal.aborted) process.exit(exitCodes.interrupted);
    printNote('\nstopping at the next step boundary; press Ctrl-C again to leave at once');
    controller.abort();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  process.on('SIGHUP', onSignal);
  const stopListening = onUnread(() => controller.abort());
  return {
    signal: controller.signal,
    dispose: () => {
      process.off('SIGINT', onSignal);
      process.off('SIGTERM', onSignal);
      process.off('SIGHUP', onSignal);
      stopListening();
    },
  };
}
