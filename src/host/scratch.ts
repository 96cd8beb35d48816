import { OperationError } from '../base/errors.ts';
import type { Defaults } from '../render/leftovers.ts';
import { maskLogLine } from '../render/mask.ts';
import type { Shell } from '../ssh/shell.ts';
import { linesOf } from './facts/lines.ts';
import { defaultsScript, type ScratchContext, tryScript } from './scripts/scratch-server.ts';

type Signal = { readonly signal?: AbortSignal };

/**
 * The defaults of the server that is installed on a host; undefined: not known (none is installed, it did not
 * start, or the host did not answer), which says nothing of any node.
 */
export async function readDefaults(
  shell: Shell,
  { signal, ...context }: ScratchContext & Signal,
): Promise<Defaults | undefined> {
  try {
    const { code, stdout } = await shell.run({
      script: defaultsScript(context),
      asRoot: true,
      timeoutMs: 20_000,
      ...(signal && { signal }),
    });
    return code === 0 ? parsePairs(stdout) : undefined;
  } catch (error) {
    if (error instanceof OperationError) return undefined;
    throw error;
  }
}

/** A name and a value a line each; an empty value is an empty line. */
function parsePairs(output: string): Defaults | undefined {
  const lines = output.replace(/\n$/, '').split('\n');
  if (lines.length < 2 || lines.length % 2 !== 0) return undefined;
  return Object.fromEntries(
    lines.flatMap((name, index) => (index % 2 === 0 ? [[name, lines[index + 1] ?? '']] : [])),
  );
}

/** unknown: it did not come to a try; `said` is why, secrets masked. */
export type Trial =
  | { readonly kind: 'starts' }
  | { readonly kind: 'refused' | 'unknown'; readonly said: string };

/**
 * Starts the host's server with a configuration, without port, data and cluster. Throws OperationError where
 * the host does not answer.
 */
export async function tryConfiguration(
  shell: Shell,
  { content, signal, ...context }: ScratchContext & Signal & { readonly content: string },
): Promise<Trial> {
  const { stdout } = await shell.run({
    script: tryScript(context),
    stdin: content,
    asRoot: true,
    timeoutMs: 30_000,
    ...(signal && { signal }),
  });
  const [outcome, ...lines] = linesOf(stdout);
  const said = reasonOf(lines.map(maskLogLine));
  if (outcome === 'starts') return { kind: 'starts' };
  return outcome === 'refused' && said !== ''
    ? { kind: 'refused', said }
    : { kind: 'unknown', said: said || 'the server said nothing' };
}

/** What stands behind the line that says where in the configuration it is. */
function reasonOf(lines: readonly string[]): string {
  const place = lines.findIndex((line) => line.startsWith('Reading the configuration file'));
  return lines.slice(place + 1).join(': ');
}
