import { createTwoFilesPatch } from 'diff';
import { maskSecrets } from '../render/mask.ts';
import { configChanges } from './config-changes.ts';
import type { FileSpec, HostStep } from './step.ts';

/**
 * What a write-file step changes, as a unified diff without secrets; undefined for other steps and where only the
 * mode or owner changes. A secret that changes behind its mask is named in a line of its own.
 */
export function diffStep(step: HostStep): string | undefined {
  if (step.kind !== 'write-file') return undefined;
  const { file, before } = step;
  if (before === file.content) return undefined;
  const shown = (content: string): string => (file.secret ? maskSecrets(content) : content);
  const patch = createTwoFilesPatch(
    before === undefined ? '/dev/null' : file.path,
    file.path,
    shown(before ?? ''),
    shown(file.content),
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

const changedSecrets = (file: FileSpec, before: string | undefined): readonly string[] =>
  file.secret && before !== undefined
    ? configChanges(before, file.content)
        .filter((change) => change.secret && change.before && change.after)
        .map(({ directive }) => `# ${directive}: another value, not shown`)
    : [];
