import type { LayoutDirectory } from '../../render/layout.ts';
import type { RenderedFile } from '../../render/render.ts';
import type { DirectoryState, FileState } from '../facts.ts';
import type { PlanInput } from './input.ts';
import type { HostStep } from '../step.ts';
import { leftoversOf, leftoverWhy } from './leftovers.ts';

/** Directories, then files; what is there already as it should be is left alone. */
export function planFiles({ facts, desired }: PlanInput): readonly HostStep[] {
  const directories = desired.directories
    .filter((directory) => !isRight(directory, facts.directories[directory.path]))
    .map(({ path, mode, owner, group }): HostStep => ({
      kind: 'make-directory',
      directory: { path, mode, owner, group },
    }));
  const files = desired.files.flatMap((file): readonly HostStep[] => {
    const before = facts.files[file.path];
    return isUpToDate(file, before) ? [] : [{ kind: 'write-file', file, before: before?.content }];
  });
  const leftovers = leftoversOf(desired.layout, facts).map((path): HostStep => ({
    kind: 'remove-path',
    path,
    recursive: false,
    why: leftoverWhy,
  }));
  return [...directories, ...leftovers, ...files];
}

const isRight = (directory: LayoutDirectory, state: DirectoryState | undefined): boolean =>
  state !== undefined && hasAccess(directory, state);

const isUpToDate = (file: RenderedFile, state: FileState | undefined): boolean =>
  state !== undefined && state.content === file.content && hasAccess(file, state);

type Access = {
  readonly mode: string;
  readonly owner: string | undefined;
  readonly group: string | undefined;
};

/** Where no owner is named, whoever it is will do. */
const hasAccess = (wanted: Access, state: FileState | DirectoryState): boolean =>
  wanted.mode === state.mode &&
  (wanted.owner ?? state.owner) === state.owner &&
  (wanted.group ?? state.group) === state.group;
