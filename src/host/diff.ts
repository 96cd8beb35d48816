import { createTwoFilesPatch } from 'diff';
import { isSecretDirective } from '../inventory/secret-directives.ts';
import { sameDirectiveValue } from '../render/compare.ts';
import { type Directives, desiredDirectives } from '../render/directives.ts';
import { parseHeader } from '../render/header.ts';
import { maskSecrets } from '../render/mask.ts';
import type { FileSpec, HostStep } from './step.ts';

/**
 * What a write-file step changes, as a unified diff without secrets; undefined for other steps and where only
 * the mode or owner changes. Every file is masked: what was there before may hold a password that nobody
 * wants any more. A secret that changes behind its mask is named in a line of its own.
 */
export function diffStep(step: HostStep): string | undefined {
  if (step.kind !== 'write-file') return undefined;
  const { file, before } = step;
  if (before === file.content) return undefined;
  // Whatever somebody else put there is not the tool's to show: root may have read it, not everybody may.
  if (before !== undefined && parseHeader(before) === undefined)
    return `--- ${file.path}\n+++ ${file.path}\n# its content is not shown: weedgo-redis did not write it`;
  const patch = createTwoFilesPatch(
    before === undefined ? '/dev/null' : file.path,
    file.path,
    maskSecrets(before ?? ''),
    maskSecrets(file.content),
    undefined,
    undefined,
    { context: 3 },
  );
  // Its first lines are a title and a rule that unified diffs do not have.
  const text = patch.slice(patch.indexOf('--- '));
  return [
    ...(text.includes('\n@@') ? [text.trimEnd()] : [`--- ${file.path}\n+++ ${file.path}`]),
    ...changedSecrets(file, before),
  ].join('\n');
}

/** Lines that differ only behind their masks leave no trace in the diff. */
function changedSecrets({ content }: FileSpec, before: string | undefined): readonly string[] {
  if (before === undefined) return [];
  const [was, is] = [readDirectives(before), readDirectives(content)];
  return Object.entries(is)
    .filter(([name, lines]) => {
      const old = was[name];
      return isSecretDirective(name) && old !== undefined && !sameDirectiveValue(name, old, lines);
    })
    .map(([name]) => `# ${name}: another value, not shown`);
}

/** What cannot be parsed is shown, masked, by the diff itself. */
function readDirectives(conf: string): Directives {
  try {
    return desiredDirectives(conf);
  } catch {
    return {};
  }
}
