import { canonicalDirective, directiveArguments, directiveKind } from '../inventory/directives.ts';
import { isSecretDirective, masked } from '../inventory/secret-directives.ts';
import { parseMemory } from './memory.ts';
import { bufferClass, inFours } from './settings.ts';

/** A directive's value: every line's arguments, or the one string that CONFIG GET answers. */
export type Value = string | readonly (readonly string[])[];

/**
 * Whether two values mean the same to the server, however they are spelt: `2gb` and `2147483648`, several
 * `save` lines and one, `replica` and `slave`, flags in another order. A masked secret equals any secret that
 * is set.
 */
export function sameDirectiveValue(name: string, one: Value, other: Value): boolean {
  const canonical = canonicalDirective(name.toLowerCase());
  const [a, b] = [linesOf(canonical, one), linesOf(canonical, other)];
  if (isSecretDirective(canonical) && [a, b].some((lines) => lines.flat().join() === masked)) {
    return [a, b].every((lines) => lines.flat().join() !== '');
  }
  return canonicalValue(canonical, a) === canonicalValue(canonical, b);
}

type Lines = readonly (readonly string[])[];

function linesOf(name: string, value: Value): Lines {
  return typeof value === 'string' ? [directiveArguments(name, value)] : value;
}

function canonicalValue(name: string, lines: Lines): string {
  const special = specials[name];
  if (special !== undefined) return special(lines);
  const [value = ''] = (lines.at(-1) ?? []).length > 1 ? [lines.at(-1)?.join(' ')] : (lines.at(-1) ?? []);
  switch (directiveKind(name)) {
    case 'memory':
      return String(parseMemory(value) ?? value);
    case 'number':
      return /^-?\d+$/.test(value) ? String(BigInt(value)) : value;
    case 'boolean':
      return value.toLowerCase();
    case 'words':
    case 'text':
    case undefined:
      return enumerations.has(name) ? value.toLowerCase() : value;
  }
}

const enumerations: ReadonlySet<string> = new Set([
  'acl-pubsub-default',
  'appendfsync',
  'cluster-preferred-endpoint-type',
  'enable-debug-command',
  'enable-module-command',
  'enable-protected-configs',
  'loglevel',
  'maxmemory-policy',
  'propagation-error-behavior',
  'repl-diskless-load',
  'sanitize-dump-payload',
  'supervised',
  'syslog-facility',
]);

const specials: Readonly<Record<string, (lines: Lines) => string>> = {
  save: canonicalSave,
  'client-output-buffer-limit': canonicalBuffers,
  'notify-keyspace-events': canonicalEvents,
  'oom-score-adj': (lines) => (last(lines) === 'yes' ? 'relative' : last(lines)),
  'shutdown-on-sigint': canonicalFlags,
  'shutdown-on-sigterm': canonicalFlags,
  unixsocketperm: (lines) => String(Number.parseInt(last(lines), 8)),
  'latency-tracking-info-percentiles': (lines) => lines.flat().map(Number).join(' '),
};

function last(lines: Lines): string {
  return (lines.at(-1)?.[0] ?? '').toLowerCase();
}

/** `save ""` forgets what came before it. */
function canonicalSave(lines: Lines): string {
  const points = lines.reduce<readonly string[]>(
    (before, line) => (line.join('') === '' ? [] : [...before, ...line]),
    [],
  );
  return points.map(Number).join(' ');
}

/** What the server has for a class that is not named (config.c, clientBufferLimitsDefaults). */
const bufferDefaults = [
  ['normal', '0', '0', '0'],
  ['slave', '256mb', '64mb', '60'],
  ['pubsub', '32mb', '8mb', '60'],
] as const;

function canonicalBuffers(lines: Lines): string {
  const limits = new Map(
    [...bufferDefaults, ...lines.flatMap(inFours)].map((line) => {
      const [, hard = '', soft = '', seconds = ''] = line;
      return [
        bufferClass(line),
        [parseMemory(hard) ?? hard, parseMemory(soft) ?? soft, Number(seconds)].join(' '),
      ];
    }),
  );
  return [...limits].map(([name, limit]) => `${name} ${limit}`).join('; ');
}

/** `A` stands for every class of events but key misses and new keys. */
function canonicalEvents(lines: Lines): string {
  const flags = lines.flat().join('').replaceAll('A', 'g$lshzxetd');
  return [...new Set(flags)].toSorted().join('');
}

function canonicalFlags(lines: Lines): string {
  const flags = lines.flat().map((flag) => flag.toLowerCase());
  return flags
    .filter((flag) => flag !== 'default')
    .toSorted()
    .join(' ');
}
