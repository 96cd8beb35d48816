import type { HostProbe } from '../checks/probe.ts';
import { OperationError } from '../base/errors.ts';
import { asServiceUser } from '../host/scripts/as-service-user.ts';
import { shQuote } from '../base/sh.ts';
import type { Host, Inventory } from '../inventory/inventory.ts';
import { type Layout, layoutOf, type NodeLayout } from '../render/layout.ts';
import type { Shell } from '../ssh/shell.ts';

/**
 * Asks a host what only verify wants to know, in one run: kills by the kernel, data folders that cannot be
 * written to, processes that are stopped. Resolves to undefined when the host does not answer: its facts say
 * why.
 */
export async function probeHost(
  shell: Shell,
  {
    inventory,
    host,
    signal,
  }: { readonly inventory: Inventory; readonly host: Host; readonly signal: AbortSignal },
): Promise<HostProbe | undefined> {
  const layout = layoutOf(inventory, host);
  try {
    const { stdout } = await shell.run({ script: probeScript(layout), asRoot: true, signal });
    return parseHostProbe(stdout);
  } catch (error) {
    if (error instanceof OperationError) return undefined;
    throw error;
  }
}

/**
 * POSIX sh that prints `KIND NODE VALUE` lines. Starts as few processes a node as it can: they are what it
 * costs.
 */
function probeScript(layout: Layout): string {
  return `
export LC_ALL=C
uid=$(id -u)
folder() {
  [ -d "$2" ] || return 0
  options=$(findmnt -n -o OPTIONS -T "$2" 2>/dev/null)
  if [ "$uid" = 0 ] && [ ! -w "$2" ]; then options=ro; fi
  case ",$options," in
    *,ro,* | *,emergency_ro,* | *,shutdown,*) state=read-only ;;
    *)
      # Who is not root cannot tell what the server's user may do.
      ${layout.serviceUser === undefined ? '' : '[ "$uid" = 0 ] || return 0'}
      as_server test -w "$2"; case $? in 0) state=writable ;; 1) state=denied ;; *) return 0 ;; esac ;;
  esac
  echo "folder $1 $state"
}
${asServiceUser(layout.serviceUser)}
state_of() {
  [ "\${2:-0}" != 0 ] && [ "/proc/$2/cwd" -ef "$3" ] || return 0
  while read -r key state _; do
    [ "$key" = State: ] || continue
    case "$state" in T | t) echo "stopped $1 $2" ;; esac
    break
  done 2>/dev/null <"/proc/$2/status"
}
${layout.nodes.map(nodeScript).join('\n')}
if kernel=$(timeout 5 journalctl -k -o cat --no-pager --since -24h 2>/dev/null); then
  echo "kernel readable yes"
  printf '%s\\n' "$kernel" | grep -E 'Killed process [0-9]+ \\((redis|valkey)' | sed 's/^/oom kernel /'
fi
exit 0
`;
}

function nodeScript({ node, dataDirectory, service }: NodeLayout): string {
  const [id, directory] = [shQuote(node.id), shQuote(dataDirectory)];
  const readPid =
    service.manager === 'systemd'
      ? `pid=$(systemctl show -p MainPID --value ${shQuote(service.unit)} 2>/dev/null)`
      : `read -r pid 2>/dev/null <${shQuote(service.pidFile)}`;
  return `folder ${id} ${directory}
pid=
${readPid}
state_of ${id} "$pid" ${directory}`;
}

/** Reads what `probeScript` prints; lines of another shape are left out. */
export function parseHostProbe(output: string): HostProbe {
  const lines = output.split('\n').map((line) => {
    const [kind = '', node = '', ...rest] = line.split(' ');
    return { kind, node, value: rest.join(' ') };
  });
  const of = (kind: string): typeof lines => lines.filter((line) => line.kind === kind);
  return {
    oomKills: of('kernel').length === 0 ? undefined : of('oom').map(({ value }) => value),
    dataFolders: Object.fromEntries(of('folder').flatMap(({ node, value }) => folderState(node, value))),
    stopped: Object.fromEntries(of('stopped').map(({ node, value }) => [node, Number(value)])),
    certificates: {},
  };
}

type FolderState = HostProbe['dataFolders'][string];

function folderState(node: string, value: string): readonly (readonly [string, FolderState])[] {
  return value === 'writable' || value === 'denied' || value === 'read-only' ? [[node, value]] : [];
}
