import { shQuote } from '../../base/sh.ts';
import type { MoveData } from '../step.ts';
import { nodeProcessFunctions } from './node-process.ts';
import { placeFunctions } from './place.ts';

/**
 * sh that moves a stopped node's data folder into a folder of root's, by renaming alone. What it is, is
 * looked at where no other user can replace it any more: anything but a folder is put aside, so that no node
 * starts in it. Does nothing where it was moved before.
 */
export const moveDataScript = ({ from, to, owner }: MoveData): string => `${nodeProcessFunctions}
${placeFunctions({ owner, group: owner })}
from=${shQuote(from)}
to=${shQuote(to)}
name=./\${to##*/}
enter "\${to%/*}"
trusted "$PWD" "\${to%/*}"
if [ ! -e "$from" ] && [ ! -L "$from" ] && [ -d "$name" ] && [ ! -L "$name" ]; then exit 0; fi
for pid in $(servers); do
  if alive "$pid" && [ "/proc/$pid/cwd" -ef "$from" ]; then
    printf 'a server still works in %s: process %s\\n' "$from" "$pid"
    exit 1
  fi
done
if [ "$(stat -c %d -- "$from")" != "$(stat -c %d .)" ]; then
  printf '%s is on another file system than %s: it is not copied\\n' "$from" "$PWD"
  exit 1
fi
mv -fT -- "$from" "$name"
if [ -L "$name" ] || [ ! -d "$name" ]; then
  mv -fT -- "$name" "$name.refused"
  printf '%s was not a folder when it was moved: it is %s.refused now\\n' "$from" "$to"
  exit 1
fi
chown -h ${shQuote(`${owner}:${owner}`)} "$name"
chmod 0750 "$name"
sync
if command -v restorecon >/dev/null; then restorecon -R "$name"; fi`;
