import { isAlias, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument, visit } from 'yaml';
import type { Document, Pair } from 'yaml';
import { UsageError } from '../base/errors.ts';
import type { Problem } from '../base/errors.ts';

export type Path = readonly (string | number)[];

/** An inventory file as text with positions: the value it stands for, and where each part of it is. */
export type Source = {
  readonly value: unknown;
  /** Where `path` stands: its value, or its key with `at: 'key'`; the nearest parent when it is not there. */
  readonly locate: (path: Path, at?: 'key' | 'value') => Pick<Problem, 'file' | 'line' | 'column'>;
  /** The scalar at `path` as it was typed, without quotes: `7.10` for what YAML reads as 7.1. */
  readonly typed: (path: Path) => string | undefined;
};

type Positions = { readonly document: Document.Parsed; readonly lines: LineCounter; readonly file: string };

/**
 * Reads YAML 1.2. Throws UsageError with every syntax error at its place: tabs, duplicate keys, unresolved
 * or excessive aliases, several documents.
 */
export function parseSource(text: string, file: string): Source {
  const lines = new LineCounter();
  const document = parse(text, lines, file);
  const positions = { document, lines, file };
  refuseFaults(positions, text);
  refuseDanglingAliases(positions);
  return {
    value: toValue(positions),
    locate: (path, at = 'value') => place(positions, offsetOf(document, path, at)),
    typed: (path) => {
      const node = nodeAt(document, path);
      return isScalar(node) ? (node.source ?? String(node.value)) : undefined;
    },
  };
}

/** What stands at `path` of a plain value; undefined when nothing does. */
export function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (at, part) =>
      at !== null && typeof at === 'object'
        ? Object.entries(at).find(([key]) => key === String(part))?.[1]
        : undefined,
    value,
  );
}

/** `hosts[1].ports[0]`, as problems name it. */
export function formatPath(path: Path): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    return text === '' ? part : `${text}.${part}`;
  }, '');
}

function parse(text: string, lineCounter: LineCounter, file: string): Document.Parsed {
  try {
    return parseDocument(text, { lineCounter, prettyErrors: false, uniqueKeys: true, stringKeys: true });
  } catch (cause) {
    throw new UsageError([{ file, message: tooDeep }], { cause });
  }
}

/** One syntax error drags others behind it: the first of each line is enough. */
function refuseFaults(positions: Positions, text: string): void {
  const { errors, warnings } = positions.document;
  const faults = [...errors, ...warnings].toSorted((a, b) => a.pos[0] - b.pos[0]);
  // Where the parser gives up depends on the stack that is left: no place to send anybody to.
  if (faults.some(({ code }) => code === 'RESOURCE_EXHAUSTION')) {
    throw new UsageError([{ file: positions.file, message: tooDeep }]);
  }
  const problems = new Map<number | undefined, Problem>();
  for (const { code, message, pos } of faults) {
    const at = place(positions, pos[0]);
    const key = /^[^\s:]*/.exec(text.slice(pos[0]))?.[0] ?? '';
    if (!problems.has(at.line)) problems.set(at.line, { ...at, message: explain(code, message, key) });
  }
  if (problems.size > 0) throw new UsageError([...problems.values()]);
}

function refuseDanglingAliases(positions: Positions): void {
  const problems: Problem[] = [];
  visit(positions.document, {
    Alias: (_, alias) => {
      if (alias.resolve(positions.document) !== undefined) return;
      const message = `*${alias.source} refers to no anchor above it; define &${alias.source} first`;
      problems.push({ ...place(positions, startOf(alias) ?? 0), message });
    },
  });
  if (problems.length > 0) throw new UsageError(problems);
}

function toValue(positions: Positions): unknown {
  try {
    return positions.document.toJS({ maxAliasCount: 100 });
  } catch (cause) {
    const message = 'its aliases (*name) unfold into too many values; write the values out';
    throw new UsageError([{ ...place(positions, 0), message }], { cause });
  }
}

const tooDeep = 'not an inventory: it is nested too deeply';

function explain(code: string, message: string, key: string): string {
  switch (code) {
    case 'TAB_AS_INDENT':
      return 'a tab cannot indent YAML; use spaces';
    case 'DUPLICATE_KEY':
      return `"${key}" stands twice in one mapping; keep one of them`;
    case 'MULTIPLE_DOCS':
      return 'a second YAML document begins here; an inventory is one document';
    case 'NON_STRING_KEY':
      return 'a key must be text; put it in quotes';
    default:
      return `this is not valid YAML: ${message}`;
  }
}

function place({ lines, file }: Positions, offset: number): Pick<Problem, 'file' | 'line' | 'column'> {
  const { line, col } = lines.linePos(offset);
  return { file, line: Math.max(line, 1), column: Math.max(col, 1) };
}

function offsetOf(document: Document.Parsed, path: Path, at: 'key' | 'value'): number {
  const parent = nodeAt(document, path.slice(0, -1));
  const last = path.at(-1);
  const pair = last === undefined ? undefined : pairAt(parent, last);
  const key = startOf(pair?.key);
  const value = last === undefined ? startOf(parent) : startOf(nodeAt(document, path));
  const found = at === 'key' ? (key ?? value) : (value ?? key);
  if (found !== undefined) return found;
  return path.length === 0 ? 0 : offsetOf(document, path.slice(0, -1), 'key');
}

function nodeAt(document: Document.Parsed, path: Path): unknown {
  let node: unknown = document.contents;
  for (const part of path) {
    node = resolve(document, isSeq(node) ? node.items[Number(part)] : pairAt(node, part)?.value);
  }
  return node;
}

function pairAt(node: unknown, key: string | number): Pair | undefined {
  if (!isMap(node)) return undefined;
  return node.items.find((pair) => isScalar(pair.key) && pair.key.value === key);
}

function resolve(document: Document.Parsed, node: unknown): unknown {
  return isAlias(node) ? node.resolve(document) : node;
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined;
}
