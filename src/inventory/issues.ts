import type { z } from 'zod';
import { listing } from './fault.ts';
import type { Fault } from './fault.ts';
import { shapeAt } from './shape.ts';
import type { Shape } from './shape.ts';
import { valueAt } from './source.ts';
import type { Path, Source } from './source.ts';
import { nearest } from './suggest.ts';

type Issue = z.core.$ZodIssue;

/** What the schema refuses, in words that say what would be right. */
export function explainIssues(issues: readonly Issue[], source: Source): readonly Fault[] {
  return issues.flatMap((issue) => explainIssue(issue, pathOf(issue), source));
}

function explainIssue(issue: Issue, path: Path, source: Source): readonly Fault[] {
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => explainUnknown(key, path));
    case 'invalid_union':
      return explainUnion(issue, path, source);
    case 'invalid_type':
      return [{ path, message: explainType(issue.expected, path, source) }];
    case 'invalid_value':
      return [{ path, message: explainChoice(issue.values.map(String), valueAt(source.value, path)) }];
    case 'too_small':
    case 'too_big':
      return [{ path, message: explainRange(issue, valueAt(source.value, path)) }];
    case 'invalid_format':
      return [{ path, message: `${quoted(valueAt(source.value, path))} does not fit: ${issue.message}` }];
    case 'custom':
    case 'invalid_element':
    case 'invalid_key':
    case 'not_multiple_of':
      return [{ path, message: issue.message }];
  }
}

function explainUnknown(key: string, path: Path): Fault {
  const known = Object.keys(shapeAt(path)?.properties ?? {}).filter((name) => name !== '$schema');
  const meant = nearest(key, known);
  const right = meant === undefined ? `known here: ${listing(known)}` : `did you mean "${meant}"?`;
  return { path: [...path, key], at: 'key', message: `"${key}" is not a key of the inventory; ${right}` };
}

/** The one alternative whose kind of value was written speaks for the union; else all are named. */
function explainUnion(
  issue: Issue & { code: 'invalid_union' },
  path: Path,
  source: Source,
): readonly Fault[] {
  const value = valueAt(source.value, path);
  const alternatives = shapeAt(path)?.anyOf ?? [];
  const forms = alternatives.flatMap(({ properties }) => Object.keys(properties ?? {}).slice(0, 1));
  if (forms.length > 0) return explainSource(forms, path, source);
  const fitting = issue.errors.filter((errors) => !errors.some(({ path: at }) => at.length === 0));
  const [only] = fitting;
  if (only !== undefined) {
    return only.flatMap((inner) => explainIssue(inner, [...path, ...pathOf(inner)], source));
  }
  const expected = alternatives.flatMap(describeShape);
  const wrong = value === undefined ? 'is missing' : `${quoted(value)} does not fit`;
  return [{ path, message: `${wrong}; write ${listing([...new Set(expected)], 'or')}` }];
}

/** A secret's source is a mapping with exactly one key; never echo what was written instead. */
function explainSource(forms: readonly string[], path: Path, source: Source): readonly Fault[] {
  const value = valueAt(source.value, path);
  const right = `write one of ${listing(
    forms.map((form) => secretForms[form] ?? form),
    'or',
  )}`;
  if (value === undefined) return [{ path, message: `a secret is missing; ${right}` }];
  if (value === null || typeof value !== 'object') {
    return [{ path, message: `a secret never stands in the inventory; ${right}` }];
  }
  const keys = Object.keys(value);
  const unknown = keys.filter((key) => !forms.includes(key));
  if (unknown.length > 0) {
    return unknown.map((key) => {
      const meant = nearest(key, forms);
      const hint = meant === undefined ? right : `did you mean "${meant}"?`;
      return {
        path: [...path, key],
        at: 'key' as const,
        message: `"${key}" is not a source of a secret; ${hint}`,
      };
    });
  }
  const [key] = keys;
  if (key === undefined || keys.length > 1)
    return [{ path, message: `a secret has exactly one source; ${right}` }];
  const at = [...path, key];
  const expected = key === 'command' ? 'array' : 'string';
  return [{ path: at, message: explainType(expected, at, source) }];
}

const secretForms: Readonly<Record<string, string>> = {
  env: '{ env: NAME }',
  file: '{ file: PATH }',
  command: '{ command: [PROGRAM, ARGUMENT] }',
  generate: '{ generate: PATH }',
};

const examples: Readonly<Record<string, string>> = {
  cluster: 'cluster: weedgo-prod',
  hosts: 'hosts: [{ name: redis1, address: 192.168.1.10, ports: [7000, 7003] }]',
  name: 'name: redis1',
  address: 'address: 192.168.1.10',
  ports: 'ports: [7000, 7003]',
  user: 'user: weedgo',
};

const kinds: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping of keys to values',
  record: 'a mapping of keys to values',
};

function explainType(expected: string, path: Path, source: Source): string {
  const value = valueAt(source.value, path);
  const example = examples[String(path.at(-1))];
  if (value === undefined) return `is missing; write ${example ?? kinds[expected] ?? expected}`;
  if (expected === 'string' && (typeof value === 'number' || typeof value === 'boolean')) {
    const typed = source.typed(path) ?? String(value);
    return `${typed} is read as ${typeof value === 'number' ? 'a number' : 'a boolean'}; put it in quotes: "${typed}"`;
  }
  return `${quoted(value)} is not ${kinds[expected] ?? expected}${example === undefined ? '' : `; write ${example}`}`;
}

function explainChoice(values: readonly string[], value: unknown): string {
  const meant = typeof value === 'string' ? nearest(value, values) : undefined;
  const right = meant === undefined ? `write ${listing(values, 'or')}` : `did you mean ${meant}?`;
  return `${quoted(value)} does not fit; ${right}`;
}

function explainRange(issue: Issue & { code: 'too_small' | 'too_big' }, value: unknown): string {
  const limit = issue.code === 'too_small' ? issue.minimum : issue.maximum;
  const word = issue.code === 'too_small' ? 'at least' : 'at most';
  if (issue.origin === 'array') return `the list is empty; write ${word} one item`;
  if (issue.origin === 'string') return 'the text is empty; write a value';
  return `${quoted(value)} is out of range; ${word} ${limit}${portNote(limit)}`;
}

function portNote(limit: number | bigint): string {
  if (limit === 1024) return ' (Redis does not run as root)';
  return limit === 55535 ? ' (the cluster bus needs port + 10000)' : '';
}

function pathOf(issue: Issue): Path {
  return issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part));
}

function quoted(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return value === null ? 'an empty value' : Array.isArray(value) ? 'a list' : 'a mapping';
}

function describeShape({ type, enum: values }: Shape): readonly string[] {
  return values?.map(String) ?? [kinds[type ?? ''] ?? 'a value'];
}
