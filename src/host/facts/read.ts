import { randomBytes } from 'node:crypto';
import { OperationError } from '../../base/errors.ts';
import { messageOf } from '../../base/message-of.ts';
import type { Shell } from '../../ssh/shell.ts';
import type { Facts } from '../facts.ts';
import type { FactsContext, Instants } from './fact.ts';
import { factNames, factRegistry } from './registry.ts';
import { splitSections, type Section } from './sections.ts';

export type ReadOptions = { readonly signal?: AbortSignal; readonly timeoutMs?: number };

/**
 * Reads everything there is to know about a host in one round trip, as root where the host's `become` allows.
 * Throws OperationError: the connection or privilege failed, or something could not be looked at or made out.
 */
export const readFacts = (shell: Shell, context: FactsContext, options: ReadOptions = {}): Promise<Facts> =>
  readTheseFacts(shell, { context, names: factNames, ...options });

type Name = keyof Facts;

/** As `readFacts`, but only some of them. */
export async function readTheseFacts<Wanted extends Name>(
  shell: Shell,
  request: ReadOptions & { readonly context: FactsContext; readonly names: readonly Wanted[] },
): Promise<Pick<Facts, Wanted>> {
  const { context, names, ...options } = request;
  const marker = `facts-${randomBytes(12).toString('hex')}`;
  const sent = Date.now();
  let received: number | undefined;
  const { stdout, stderr } = await shell.run({
    ...options,
    script: factsScript(marker, names, context),
    asRoot: true,
    // The clock is read first and its line arrives at once: the rest of the script is no part of that round
    // trip.
    onLine: (line) => {
      if (line.startsWith('now=')) received ??= Date.now();
    },
  });
  const sections = splitSections(stdout, marker);
  if (names.some((name) => !sections.has(name))) {
    throw new OperationError(`${shell.host} did not answer what it was asked about itself`, {
      host: shell.host,
      hints: [stderr.trim().split('\n').at(-1) || 'Its shell printed no error.'],
    });
  }
  const instants = { sent, received: received ?? Date.now() };
  return parseFacts(shell.host, names, { sections, context, instants });
}

/** Each section in a subshell of its own, without input: one that fails takes no other with it. */
export function factsScript(marker: string, names: readonly Name[], context: FactsContext): string {
  // Variables that several facts share are set whichever of them is asked for.
  const prepare = factNames.flatMap((name) => factRegistry[name].prepare?.(context) ?? []);
  const sections = names.map(
    (name) => `printf '%s\\n' '${marker} ${name}'
(
${factRegistry[name].script(context)}
) </dev/null
printf '\\n%s\\n' $?`,
  );
  return ['export LC_ALL=C', ...prepare, ...sections, `printf '%s\\n' '${marker} end'`, ''].join('\n');
}

/** Throws OperationError naming the fact that could not be read. */
export function parseFacts<Wanted extends Name>(
  host: string,
  names: readonly Wanted[],
  answer: {
    readonly sections: ReadonlyMap<string, Section>;
    readonly context: FactsContext;
    readonly instants: Instants;
  },
): Pick<Facts, Wanted> {
  const { sections, context, instants } = answer;
  const values = names.map((name) => {
    const { output, code } = sections.get(name) ?? { output: '', code: 1 };
    try {
      if (code !== 0) throw new Error(`exit ${code}`);
      return [name, factRegistry[name].parse(output, context, instants)] as const;
    } catch (error) {
      const reason = messageOf(error);
      throw new OperationError(`${host}: cannot make out its ${name}: ${reason}`, { host, cause: error });
    }
  });
  // The registry's type ties each name to its value; fromEntries loses that.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return Object.fromEntries(values) as Pick<Facts, Wanted>;
}
