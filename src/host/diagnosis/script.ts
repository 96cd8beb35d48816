import type { NodeLayout } from '../../render/layout.ts';
import { endOfLog, soonAsServiceUser } from '../scripts/as-service-user.ts';
import { holdersFunction } from '../scripts/socket-holders.ts';
import { shQuote } from '../../base/sh.ts';

/** What a node's evidence is read from. */
export type Suspect = {
  readonly layout: NodeLayout;
  /** undefined: the nodes run as the user who runs the steps. */
  readonly serviceUser: string | undefined;
  readonly server: 'redis' | 'valkey';
  /** The configuration on the host: which of the two files of persistence the server will read. */
  readonly appendonly: boolean;
  readonly ports: readonly number[];
  /** Its log alone: it runs, and could not do something. */
  readonly logOnly?: boolean;
};

/** Bounds of what is read: lines of logs, bytes of nodes.conf and of a damaged file, entries of a folder. */
const most = { lines: 20, bytes: 262_144, rest: 65_536, entries: 200, seconds: 5, checkSeconds: 20 };

/**
 * POSIX sh that prints one section for each kind of evidence of each node. What redis may write is read as
 * the service user: root would follow its links.
 */
export function evidenceScript(marker: string, suspects: readonly Suspect[]): string {
  const sections = suspects.flatMap((suspect, index) =>
    Object.entries(sectionsOf(suspect)).map(
      ([name, body]) => `printf '%s\\n' '${marker} n${index}_${name}'
(
${body}
) </dev/null 2>/dev/null
printf '\\n%s\\n' $?`,
    ),
  );
  const addresses = `printf '%s\\n' '${marker} addresses'
( PATH=$PATH:/sbin:/usr/sbin; ip -o addr show ) </dev/null 2>/dev/null
printf '\\n%s\\n' $?`;
  return ['export LC_ALL=C', addresses, ...sections, `printf '%s\\n' '${marker} end'`, ''].join('\n');
}

function sectionsOf(suspect: Suspect): Readonly<Record<string, string>> {
  const { layout, serviceUser } = suspect;
  const log = `${endOfLog(serviceUser)}
end_of_log ${shQuote(layout.logFile)} | tail -n ${most.lines} | cut -c 1-400`;
  if (suspect.logOnly) return { log };
  const folder = shQuote(layout.dataDirectory);
  const asServer = soonAsServiceUser(serviceUser, most);
  return {
    ...(layout.service.manager === 'systemd' && unitSections(layout.service.unit)),
    ids: serviceUser === undefined ? ':' : `id -u ${shQuote(serviceUser)}; id -g ${shQuote(serviceUser)}`,
    entries: `cd -P ${folder} && find . -xdev -maxdepth 2 -printf '%y %U %G %s %P\\0' | tr '\\n\\0' '?\\n' | head -n ${most.entries}`,
    nodes: `${asServer}
as_server test -f ${folder}/nodes.conf && soon head -c ${most.bytes} ${folder}/nodes.conf`,
    persistence: `${asServer}
${suspect.appendonly ? aofScript(suspect) : dumpScript(layout)}`,
    holders: holdersScript(suspect.ports),
    program: `PATH=$PATH:/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin
said=$(${suspect.server}-server --version 2>&1) || printf '%s\\n' "$said" | head -n 3`,
    logs: `if [ -d ${shQuote(layout.logFile)} ]; then echo folder; fi`,
    log,
  };
}

function unitSections(unit: string): Readonly<Record<string, string>> {
  const properties =
    'LoadState,ActiveState,SubState,Result,ExecMainStatus,ExecCondition,NRestarts,DropInPaths';
  return {
    unit: `systemctl show --no-pager -p ${properties} ${shQuote(unit)}`,
    journal: `timeout 5 journalctl -u ${shQuote(unit)} -n ${most.lines} -o cat --no-pager -q | cut -c 1-400`,
  };
}

/** The check program reads only. Its exit code says nothing that the sizes which it prints do not. */
function aofScript({ layout, server }: Suspect): string {
  return `cd -P ${shQuote(layout.dataDirectory)} || exit 1
PATH=$PATH:/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin
file=appendonlydir/appendonly.aof.manifest
[ -e "$file" ] || file=appendonly.aof
[ -f "$file" ] || exit 1
said=$(as_server timeout ${most.checkSeconds} ${server}-check-aof "$file" 2>&1)
echo "code=$?"
bad=$(printf '%s\\n' "$said" | sed -n '/^AOF analyzed: /{/, diff=0$/!p;}' | tail -n 1)
printf '%s\\n' "$bad"
printf '%s\\n' "$said" | tail -n 1 | cut -c 1-300
name=$(printf '%s\\n' "$bad" | sed -n 's/^AOF analyzed: filename=\\(.*\\), size=.*/\\1/p')
upto=$(printf '%s\\n' "$bad" | sed -n 's/.*, ok_up_to=\\([0-9]*\\),.*/\\1/p')
[ -n "$upto" ] || exit 0
[ -e "$name" ] || name=appendonlydir/$name
soon tail -c +$((upto + 1)) "$name" | head -c ${most.rest} | base64 | tr -d '\\n'`;
}

const dumpScript = ({ dataDirectory }: NodeLayout): string => `cd -P ${shQuote(dataDirectory)} || exit 1
as_server test -f dump.rdb || exit 1
as_server stat -L -c %s dump.rdb
soon head -c 9 dump.rdb | base64
soon tail -c 9 dump.rdb | head -c 1 | base64`;

/**
 * Sockets on these ports that a process has (inode 0: none has it any more, and it hinders nobody), and those
 * processes.
 */
function holdersScript(ports: readonly number[]): string {
  const hex = ports.map((port) => port.toString(16).toUpperCase().padStart(4, '0')).join('|');
  return `sockets=$(cat /proc/net/tcp /proc/net/tcp6 | grep -E '^ *[0-9]+: [0-9A-F]+:(${hex}) ' | grep -vE '^ *[0-9]+:( +[^ ]+){8} +0 ')
[ -n "$sockets" ] || exit 0
printf '%s\\n' "$sockets" | head -n 20
${holdersFunction}
holders "$(printf '%s\\n' "$sockets" | head -n 20 | sed 's/^ *\\([^ ]* *\\)\\{9\\}\\([0-9]*\\) .*/\\2/')" /proc/[0-9]*/fd`;
}
