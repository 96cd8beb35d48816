import { shQuote } from '../sh.ts';
import type { DirectorySpec, FileSpec } from '../step.ts';

/** sh that makes a directory, or gives one that is there its owner and mode. */
export function makeDirectoryScript(directory: DirectorySpec): string {
  return `path=${shQuote(directory.path)}
umask 022
[ -d "$path" ] || mkdir -p -m ${directory.mode} -- "$path"
${ownershipOf(directory, '"$path"')}`;
}

/**
 * sh that puts a file in place whole or not at all: written beside it, readable by nobody else, synced, renamed.
 * The content is in a here-document, so it never stands in an argument vector.
 */
export function writeFileScript(file: FileSpec): string {
  return `path=${shQuote(file.path)}
new=\${path%/*}/.\${path##*/}.new
[ ! -d "$path" ] || { printf '%s is a directory\\n' "$path"; exit 1; }
(umask 022; mkdir -p -- "\${path%/*}")
trap 'rm -f -- "$new"' EXIT
rm -f -- "$new"
umask 077
set -C
base64 -d >"$new" <<'END-OF-FILE'
${lines(Buffer.from(file.content, 'utf8').toString('base64'))}
END-OF-FILE
${ownershipOf(file, '"$new"')}
sync "$new" 2>/dev/null || sync
mv -f -- "$new" "$path"
if command -v restorecon >/dev/null; then restorecon "$path"; fi`;
}

/** sh that removes what is ours. Throws an Error for a path that no step of ours may ever remove. */
export function removePathScript(path: string, recursive: boolean): string {
  const parts = path.split('/').slice(1);
  if (!path.startsWith('/') || parts.length < 3 || parts.some((part) => ['', '.', '..'].includes(part))) {
    throw new Error(`refusing to remove ${path}: it is not below a folder of ours`);
  }
  return `rm ${recursive ? '-rf' : '-f'} -- ${shQuote(path)}`;
}

function ownershipOf({ owner, group, mode }: DirectorySpec, word: string): string {
  const user = [owner, group].filter((name) => name !== undefined).join(':');
  return `${user ? `chown ${shQuote(user)} ${word}\n` : ''}chmod ${mode} ${word}`;
}

/** Lines of a length that every base64 reads. */
const lines = (text: string): string => text.replaceAll(/.{76}/g, '$&\n').trimEnd();
