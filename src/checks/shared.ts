import type { Finding } from './check.ts';
import { joinNames, mostNames } from './text.ts';

/**
 * The title of what may be said of several nodes or hosts: `{}` stands for their names, `{has|have}` for what
 * goes with one or with several.
 */
export function titled(by: string, title: string): Required<Pick<Finding, 'title' | 'shared'>> {
  return { title: fill(title, by, 0), shared: { by, title } };
}

/**
 * What several nodes or hosts share becomes one finding, at the place of the first: of the same id, severity,
 * title and reason, and with as many steps to fix it.
 */
export function mergeShared(findings: readonly Finding[]): readonly Finding[] {
  return mergeGroups(findings).map(({ finding }) => finding);
}

/** As `mergeShared`, with the findings that each one was made of. */
export function mergeGroups(
  findings: readonly Finding[],
): readonly { readonly finding: Finding; readonly parts: readonly Finding[] }[] {
  const groups = new Map<unknown, Finding[]>();
  for (const finding of findings) {
    const key = finding.shared ? kindOf(finding) : Symbol('one');
    groups.set(key, [...(groups.get(key) ?? []), finding]);
  }
  return [...groups.values()].flatMap((parts) => {
    const finding = mergeGroup(parts);
    return finding ? [{ finding, parts }] : [];
  });
}

function kindOf({ id, severity, shared, why, remedy }: Finding): string {
  return JSON.stringify([id, severity, shared?.title, why, stepsOf(remedy).length]);
}

function mergeGroup(group: readonly Finding[]): Finding | undefined {
  const [first] = group;
  if (!first?.shared || group.length === 1) return first;
  const { shared, ...same } = first;
  const names = group.flatMap((finding) => finding.shared?.by ?? []);
  return {
    ...same,
    title: fill(shared.title, joinNames(names), 1),
    nodes: unique(group.flatMap(({ nodes }) => nodes)),
    hosts: unique(group.flatMap(({ hosts }) => hosts)),
    seen: tellApart(group, 'seen'),
    expected: tellApart(group, 'expected'),
    remedy: mergeSteps(group.map(({ remedy }) => stepsOf(remedy))),
  };
}

/** A person's lines and the command that follows them; those after the last command are a step each. */
function stepsOf(remedy: readonly string[]): readonly (readonly string[])[] {
  const last = remedy.findLastIndex((line) => !isByHand(line));
  const steps: string[][] = [];
  let step: string[] = [];
  for (const [index, line] of remedy.entries()) {
    step.push(line);
    if (isByHand(line) && index < last) continue;
    steps.push(step);
    step = [];
  }
  return steps;
}

/** What all have in common is done once, and not before what it needs is done everywhere. */
function mergeSteps(remedies: readonly (readonly (readonly string[])[])[]): readonly string[] {
  const lines = (remedies[0] ?? []).flatMap((_, index) => {
    const step = remedies.flatMap((steps) => steps[index] ?? []);
    return [...step.filter(isByHand), ...step.filter((line) => !isByHand(line))];
  });
  return unique(lines);
}

const isByHand = (line: string): boolean => line.startsWith('#');

/** Said once where all say the same, else behind the names: `redis1 and redis2: 0; redis3: 2`. */
function tellApart(group: readonly Finding[], field: 'seen' | 'expected'): string {
  const texts = unique(group.map((finding) => finding[field]));
  if (texts.length === 1) return texts[0] ?? '';
  const told = texts.slice(0, mostNames).map((text) => {
    const names = group
      .filter((finding) => finding[field] === text)
      .flatMap(({ shared }) => shared?.by ?? []);
    return `${joinNames(names)}: ${text}`;
  });
  const rest = texts.length - told.length;
  return [...told, ...(rest > 0 ? [`and ${rest} more`] : [])].join('; ');
}

function fill(title: string, names: string, form: 0 | 1): string {
  return title.replaceAll(/\{([^{}]*)\}/g, (_, forms: string) =>
    forms === '' ? names : (forms.split('|')[form] ?? ''),
  );
}

function unique<T>(items: readonly T[]): readonly T[] {
  return [...new Set(items)];
}
