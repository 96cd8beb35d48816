import {
  canonicalDirective,
  directiveArguments,
  directiveKind,
  portableDirective,
} from '../inventory/directives.ts';
import type { DirectiveValue } from '../inventory/schema.ts';
import { directiveLine } from './template.ts';

type Line = readonly string[];

/**
 * The inventory's own directives while one redis.conf is written: each is taken once, what is left comes
 * last.
 */
export type Settings = {
  /** The lines of a directive: the inventory's where it has some, else the template's own. */
  readonly take: (name: string, defaults: readonly string[]) => string;
  /** The directives that the template does not have. */
  readonly rest: () => string;
};

/** Collects the inventory's `config`; `yes` and `no` for booleans, one line for every item of a list. */
export function collectSettings(config: Readonly<Record<string, DirectiveValue>>): Settings {
  const left = new Map(Object.entries(config));
  return {
    take: (name, defaults) => {
      const own = [...left.keys()].find((key) => canonicalDirective(key) === name);
      const value = own === undefined ? undefined : left.get(own);
      if (own !== undefined) left.delete(own);
      const standard = defaults.map((text) => directiveArguments(name, text));
      return format(own ?? name, value === undefined ? standard : override(name, standard, value));
    },
    rest: () => {
      const lines = [...left].map(([name, value]) => format(name, linesOf(name, value)));
      return lines.length === 0 ? '' : ['', '# From the inventory', ...lines].join('\n');
    },
  };
}

/** A list of one class does not take the limits off the others. */
function override(name: string, standard: readonly Line[], value: DirectiveValue): readonly Line[] {
  const lines = linesOf(name, value);
  if (name !== 'client-output-buffer-limit') return lines;
  const own = lines.flatMap(inFours);
  const classes = new Set(own.map(bufferClass));
  return [...standard.filter((line) => !classes.has(bufferClass(line))), ...own];
}

function linesOf(name: string, value: DirectiveValue): readonly Line[] {
  const items = Array.isArray(value) ? value : [value];
  return items.map((item) => directiveArguments(name, asText(name, item)));
}

function asText(name: string, value: string | number | boolean): string {
  const text = typeof value === 'boolean' ? (value ? 'yes' : 'no') : String(value);
  if (directiveKind(name) !== 'boolean') return text;
  return booleans.get(text.toLowerCase()) ?? text;
}

/** The server reads them in any case; the file has one spelling, which CONFIG GET has as well. */
const booleans: ReadonlyMap<string, string> = new Map([
  ['true', 'yes'],
  ['yes', 'yes'],
  ['false', 'no'],
  ['no', 'no'],
]);

export function inFours(args: Line): readonly Line[] {
  return Array.from({ length: Math.ceil(args.length / 4) }, (_, index) =>
    args.slice(index * 4, index * 4 + 4),
  );
}

/** `slave` is what Redis still calls the class of replicas. */
export function bufferClass([name = '']: Line): string {
  return name.toLowerCase() === 'replica' ? 'slave' : name.toLowerCase();
}

function format(name: string, lines: readonly Line[]): string {
  return lines.map((args) => directiveLine(portableDirective(name), args)).join('\n');
}
