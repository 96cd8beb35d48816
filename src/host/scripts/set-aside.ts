import { shQuote } from '../../base/sh.ts';
import type { SetAside } from '../step.ts';

/**
 * sh that moves what is in a data folder into a new folder below it, except the names to keep. Fails when a
 * process has the folder as its working directory. It runs as the folder's owner, who may change nothing
 * else.
 */
export function setAsideScript({ directory, into, keep, owner }: SetAside): string {
  const asOwner =
    owner === undefined
      ? '"$@"'
      : `if [ "$(id -u)" = 0 ]; then setpriv --reuid=${shQuote(owner)} --regid=${shQuote(owner)} --init-groups -- "$@"; else "$@"; fi`;
  const kept = keep.map((name) => `${shQuote(name)} | `).join('');
  return `as_owner() { ${asOwner}; }
${refuseWorking(directory)}
cd -P ${shQuote(directory)}
as_owner mkdir -m 0700 ${shQuote(into)}
for name in * .[!.]*; do
  case $name in ${kept}aside-*) continue ;; esac
  [ -e "$name" ] || [ -L "$name" ] || continue
  as_owner mv -- "./$name" ${shQuote(into)}/
done
sync`;
}

/** sh that fails while a server works in a folder, whatever its unit or pid file say. */
const refuseWorking = (directory: string): string => `for process in /proc/[0-9]*; do
  [ "$process/cwd" -ef ${shQuote(directory)} ] || continue
  case $(cat "$process/comm") in
    *-server)
      echo "process \${process#/proc/} runs in this folder"
      exit 1
      ;;
  esac
done`;
