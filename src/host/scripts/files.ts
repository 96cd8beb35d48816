import { shQuote } from '../../base/sh.ts';
import type { DirectorySpec, FileSpec, HostStep } from '../step.ts';
import { asServiceUser } from './as-service-user.ts';
import { nodeProcessFunctions } from './node-process.ts';
import { placeFunctions } from './place.ts';

/** sh that makes a directory, or gives one that is there its owner and mode. */
export function makeDirectoryScript(directory: DirectorySpec): string {
  return `${placeFunctions(directory)}
path=${shQuote(directory.path)}
umask 022
no_strange_link "$path"
[ -d "$path" ] || mkdir -p -m ${directory.mode} -- "$path"
enter "$path"
trusted "\${PWD%/*}" "\${path%/*}"
${ownershipOf(directory, '.')}`;
}

/**
 * sh that puts a file in place whole or not at all: written next to it, readable by nobody else, synced,
 * renamed. The content is in a here-document, so it never stands in an argument vector.
 */
export function writeFileScript(file: FileSpec): string {
  return `${placeFunctions(file)}
path=${shQuote(file.path)}
name=\${path##*/}
new=./.$name.new
${file.owner === undefined ? '' : '(umask 022; mkdir -p -- "${path%/*}")'}
enter "\${path%/*}"
trusted "$PWD" "\${path%/*}"
[ ! -d "./$name" ] || { printf '%s is a directory\\n' "$path"; exit 1; }
trap 'rm -f -- "$new"' EXIT
rm -f -- "$new"
umask 077
set -C
base64 -d >"$new" <<'END-OF-FILE'
${lines(Buffer.from(file.content, 'utf8').toString('base64'))}
END-OF-FILE
${ownershipOf(file, '"$new"')}
sync "$new" 2>/dev/null || sync
mv -f -- "$new" "./$name"
if command -v restorecon >/dev/null; then restorecon "$path"; fi`;
}

/** sh that removes a path of the tool's, as the path's owner where the step names one. */
export const removeScript = (step: RemovePath): string =>
  step.owner === undefined ? removePathScript(step) : removeOwnedScript(step.path, step.owner);

type RemovePath = Pick<Extract<HostStep, { kind: 'remove-path' }>, 'path' | 'recursive' | 'owner' | 'group'>;

/**
 * sh that removes what is ours; of a directory also what a link that root made leads to, while a mount point
 * stays, empty. Fails while a server works in it, and for root where another user could replace a folder
 * above it. Throws an Error for a path that no step of ours may ever remove.
 */
function removePathScript({ path, recursive, group }: RemovePath): string {
  const parts = path.split('/').slice(1);
  if (!path.startsWith('/') || parts.length < 3 || parts.some((part) => ['', '.', '..'].includes(part))) {
    throw new Error(`refusing to remove ${path}: it is not below a folder of weedgo-redis`);
  }
  const place = `${placeFunctions({ owner: group, group })}
path=${shQuote(path)}`;
  if (!recursive) return `${place}\n${removeFile}`;
  return `${nodeProcessFunctions}
${place}
no_strange_link "$path"
if [ -d "$path" ]; then
  enter "$path"
  trusted "\${PWD%/*}" "\${path%/*}"
  case $PWD in
    /*/*) ;;
    *) printf '%s leads to %s, which is not removed\\n' "$path" "$PWD"; exit 1 ;;
  esac
  for pid in $(servers); do
    case $(readlink "/proc/$pid/cwd" 2>/dev/null)/ in
      "$PWD"/*) printf 'a server still works in %s: process %s\\n' "$path" "$pid"; exit 1 ;;
    esac
  done
  find . -xdev -mindepth 1 -delete
  real=$PWD
  cd /
  rmdir -- "$real" 2>/dev/null || grep -qF " $real " /proc/self/mountinfo ||
    { printf '%s is not empty\\n' "$real"; exit 1; }
fi
if [ ! -d "$path" ] || [ -L "$path" ]; then
${removeFile}
fi`;
}

/** sh that removes the file or link `$path` itself: a link is not followed. */
const removeFile = `above=\${path%/*}
[ -d "$above" ] || exit 0
no_strange_link "$above"
enter "$above"
trusted "\${PWD%/*}" "\${above%/*}"
rm -f -- "./\${path##*/}"`;

/**
 * sh that removes what a user owns, as that user: whatever it made of the path, it can remove no more than
 * its own.
 */
const removeOwnedScript = (path: string, owner: string): string => `${asServiceUser(owner)}
path=${shQuote(path)}
as_server rm -rf --one-file-system -- "$path" || :
if [ -e "$path" ] || [ -L "$path" ]; then
  printf '%s is still there: %s may not remove all of it\\n' "$path" ${shQuote(owner)}
  exit 1
fi`;

function ownershipOf({ owner, group, mode }: DirectorySpec, word: string): string {
  const user = [owner, group].filter((name) => name !== undefined).join(':');
  return `${user ? `chown ${shQuote(user)} ${word}\n` : ''}chmod ${mode} ${word}`;
}

/** Lines of a length that every base64 reads. */
const lines = (text: string): string => text.replaceAll(/.{76}/g, '$&\n').trimEnd();
