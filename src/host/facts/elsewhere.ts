import type { FormerNode } from '../facts.ts';
import { shQuote, shWords } from '../../base/sh.ts';
import type { FactsContext } from './fact.ts';

/** The arguments that `lookElsewhere` takes, seven for each node. */
export function folderScript(
  { dataDirectory, elsewhere }: FactsContext['nodes'][number],
  index: number,
): string {
  const words = [
    dataDirectory,
    elsewhere?.cluster ?? '',
    elsewhere?.other.configFile ?? '',
    elsewhere?.other.dataDirectory ?? '',
    elsewhere?.former.configFile ?? '',
    elsewhere?.former.dataDirectory ?? '',
  ];
  const own = shQuote(dataDirectory);
  return `if [ -e ${own} ] || [ -L ${own} ]; then there=${index}; else there=; printf 'absent %s\\n' ${own}; fi
for aside in ${own}.*; do [ ! -d "$aside" ] || printf 'aside ${index} %s\\n' "$aside"; done
set -- "$@" "$there" ${shWords(words)}`;
}

/**
 * Turns the arguments of `folderScript` into the folders to read: a node's own, or where an earlier version
 * of the tool had it while its own holds nothing. Mount points are found by name, since one file system may
 * be mounted several times, and a renaming does not cross from one mount to another.
 */
export const lookElsewhere = `
holds() { [ -e "$1/nodes.conf" ] || [ -e "$1/dump.rdb" ] || [ -e "$1/appendonly.aof" ] || [ -e "$1/appendonlydir" ]; }
is_ours() { [ -f "$2" ] && [ ! -L "$2" ] && head -c 4096 -- "$2" 2>/dev/null | grep -qxF "# cluster: $1"; }
mount_of() {
  at=$1
  until [ -z "$at" ] || grep -q "^[^ ]* [^ ]* [^ ]* [^ ]* $at " /proc/self/mountinfo; do at=\${at%/*}; done
  printf '%s\\n' "\${at:-/}"
}
former() {
  printf 'conf %s %s\\n' "$1" "$(head -c 1048576 -- "$3" | base64 | tr -d '\\n')"
  above=$(readlink -m -- "\${4%/*}")
  if [ -L "$4" ]; then kind=link
  elif [ -d "$4" ]; then kind=directory
  elif [ -e "$4" ] || { [ -e "$above" ] && [ ! -x "$above" ]; }; then kind=other
  else return; fi
  new=$(readlink -m -- "\${2%/*}")
  if [ "$(mount_of "$above/\${4##*/}")" = "$(mount_of "$new")" ]; then near=yes; else near=no; fi
  printf 'former %s %s %s %s\\n' "$1" "$kind" "$near" "$above"
}
index=0
nodes=$(($# / 7))
while [ $index -lt $nodes ]; do
  there=$1 dir=$2
  if [ -n "$3" ]; then
    if is_ours "$3" "$6"; then former $index "$2" "$6" "$7"; fi
    if is_ours "$3" "$6" && holds "$7" && { [ -z "$there" ] || ! holds "$2"; }; then
      printf 'left %s %s\\n' $index "$7"
      there=yes dir=$7
    elif is_ours "$3" "$4" && holds "$5"; then printf 'left %s %s\\n' $index "$5"; fi
  fi
  shift 7
  index=$((index + 1))
  [ -z "$there" ] || set -- "$@" "$dir"
done
`;

/** What was found of an earlier version of the tool; undefined: no configuration of this cluster. */
export function parseFormer(listing: string, index: number): FormerNode | undefined {
  const base64 = new RegExp(`^conf ${index} (.*)$`, 'm').exec(listing)?.[1];
  if (base64 === undefined) return undefined;
  const [, kind, near, above = ''] =
    new RegExp(`^former ${index} (directory|link|other) (yes|no) (.*)$`, 'm').exec(listing) ?? [];
  return {
    configuration: Buffer.from(base64, 'base64').toString('utf8'),
    folder:
      kind === 'directory' || kind === 'link' || kind === 'other'
        ? { kind, isNear: near === 'yes', above }
        : undefined,
  };
}
