import type { RenderedFile } from '../../render/render.ts';
import type { FileState, ServiceAccount } from '../facts.ts';
import { hasAccess } from '../owners.ts';
import type { HostStep } from '../step.ts';
import { planDataOwners } from './data-owners.ts';
import type { PlanInput } from './input.ts';
import { formerLeftovers, moveOf } from './moves.ts';
import { leftoversOf, leftoverWhy } from './leftovers.ts';

/**
 * Directories, then what is in the data folders, then files; what is there already as it should be is left
 * alone.
 */
export function planFiles({ inventory, facts, desired }: PlanInput): readonly HostStep[] {
  const { account } = facts.server;
  const { server } = inventory;
  // What nodes of this machine have is their user's, in folders of that user.
  const remover = desired.layout.manager === 'daemon' ? {} : { group: server };
  // An empty folder there would be one to start in.
  const comes = desired.layout.nodes.flatMap((place) => moveOf(place, { server, facts })?.to ?? []);
  const directories = desired.directories
    .filter(({ path }) => !comes.includes(path))
    .filter((directory) => {
      const found = facts.directories[directory.path];
      return found === undefined || !hasAccess(directory, found, account);
    })
    .map(({ path, mode, owner, group }): HostStep => ({
      kind: 'make-directory',
      directory: { path, mode, owner, group },
    }));
  const files = desired.files.flatMap((file): readonly HostStep[] => {
    const before = facts.files[file.path];
    return isUpToDate(file, before, account) ? [] : [{ kind: 'write-file', file, before: before?.content }];
  });
  const leftovers = leftoversOf(desired.layout, facts).map((path): HostStep => ({
    kind: 'remove-path',
    path,
    recursive: false,
    ...remover,
    why: leftoverWhy,
  }));
  const former = formerLeftovers(desired.layout, { server, facts }).map((path): HostStep => ({
    kind: 'remove-path',
    path,
    recursive: false,
    ...remover,
    why: 'an earlier version had it there; it holds the password',
  }));
  return [...directories, ...planDataOwners({ desired, facts }), ...leftovers, ...files, ...former];
}

const isUpToDate = (
  file: RenderedFile,
  state: FileState | undefined,
  account: ServiceAccount | undefined,
): boolean => state !== undefined && state.content === file.content && hasAccess(file, state, account);
