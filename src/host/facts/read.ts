import { randomBytes } from 'node:crypto';
import { OperationError } from '../../errors.ts';
import type { Shell } from '../../ssh/shell.ts';
import type { Facts } from '../facts.ts';
import type { FactsContext, Instants } from './fact.ts';
import { factRegistry } from './registry.ts';

/**
 * Reads everything there is to know about a host in one round trip, as root where the host's `become` allows.
 * Throws OperationError: the connection or privilege failed, or the host answered something unintelligible.
 */
export async function readFacts(shell: Shell, context: FactsContext, signal?: AbortSignal): Promise<Facts> {
  const marker = `facts-${randomBytes(12).toString('hex')}`;
  const sent = Date.now();
  let received: number | undefined;
  const { stdout, stderr } = await shell.run({
    script: factsScript(marker, context),
    asRoot: true,
    // The clock is read first and its line arrives at once: the rest of the script is no part of that round trip.
    onLine: (line) => {
      if (line.startsWith('now=')) received ??= Date.now();
    },
    ...(signal && { signal }),
  });
  const sections = splitSections(stdout, marker);
  if (sections.size !== registered.length) {
    throw new OperationError(`${shell.host} did not answer what it was asked about itself`, {
      host: shell.host,
      hints: [stderr.trim().split('\n').at(-1) || 'Its shell printed no error.'],
    });
  }
  return parseFacts(shell.host, sections, { context, instants: { sent, received: received ?? Date.now() } });
}

const registered = Object.entries(factRegistry);

/** Each section in a subshell of its own, without input: one that fails takes no other with it. */
export function factsScript(marker: string, context: FactsContext): string {
  const sections = registered.map(
    ([name, fact]) => `printf '%s\\n' '${marker} ${name}'
(
${fact.script(context)}
) </dev/null
printf '\\n'`,
  );
  const prepare = registered.flatMap(([, fact]) => fact.prepare?.(context) ?? []);
  return ['export LC_ALL=C', ...prepare, ...sections, `printf '%s\\n' '${marker} end'`, ''].join('\n');
}

/** The sections by name, without the line break that ends each; none at all when the last marker is missing. */
export function splitSections(stdout: string, marker: string): ReadonlyMap<string, string> {
  const parts = stdout.split(`${marker} `).slice(1);
  if (parts.pop()?.trim() !== 'end') return new Map();
  return new Map(
    parts.map((part) => {
      const line = part.indexOf('\n');
      return [part.slice(0, line), part.slice(line + 1).replace(/\n$/, '')] as const;
    }),
  );
}

export function parseFacts(
  host: string,
  sections: ReadonlyMap<string, string>,
  { context, instants }: { context: FactsContext; instants: Instants },
): Facts {
  const values = registered.map(([name, fact]) => {
    try {
      return [name, fact.parse(sections.get(name) ?? '', context, instants)] as const;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new OperationError(`${host}: cannot make out its ${name}: ${reason}`, { host, cause: error });
    }
  });
  // The registry's type ties each name to its value; fromEntries loses that.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return Object.fromEntries(values) as Facts;
}
