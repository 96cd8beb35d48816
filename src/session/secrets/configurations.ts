import { OperationError } from '../../base/errors.ts';
import type { Inventory } from '../../inventory/inventory.ts';
import { desiredDirectives } from '../../render/directives.ts';
import type { Directives } from '../../render/directives.ts';
import { defaultStateDirectory } from '../../render/layout.ts';
import { stationsOf } from '../stations.ts';
import type { Station } from '../stations.ts';
import type { Session } from '../session.ts';

/** A redis.conf of this cluster, found on a host. It holds secrets: what comes of it is not to be shown. */
export type Configuration = {
  readonly path: string;
  /** undefined: it cannot be understood. */
  readonly directives: Directives | undefined;
};

export type HostConfigurations = {
  /** By host name; hosts on one machine have one entry. */
  readonly found: ReadonlyMap<string, readonly Configuration[]>;
  /** Hosts that could not be read, and why. */
  readonly unread: ReadonlyMap<string, OperationError>;
};

/**
 * Every configuration with this cluster's name in its header, on all connected hosts, whatever ports the
 * inventory has now; in one run a host. Links are not followed.
 */
export async function readConfigurations(session: Session): Promise<HostConfigurations> {
  const unread = new Map(session.unreachable);
  const read = await Promise.all(
    stationsOf(session).map(async (station) => {
      try {
        return [[station.host, await readOn(session.inventory, station)] as const];
      } catch (error) {
        if (!(error instanceof OperationError)) throw error;
        unread.set(station.host, error);
        return [];
      }
    }),
  );
  return { found: new Map(read.flat()), unread };
}

async function readOn(
  { cluster, hosts }: Inventory,
  { host, shell }: Station,
): Promise<readonly Configuration[]> {
  const isLocal = hosts.some(({ name, connection }) => name === host && connection === 'local');
  const { code, stdout, stderr } = await shell.run({
    script: isLocal ? localScript : hostScript,
    stdin: `${cluster}\n${defaultStateDirectory(process.env)}\n`,
    asRoot: true,
    timeoutMs: 15_000,
  });
  if (code !== 0) throw new OperationError(`its configurations cannot be read: ${stderr.trim()}`, { host });
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const at = line.lastIndexOf(' ');
      const text = Buffer.from(line.slice(at + 1), 'base64').toString('utf8');
      return { path: line.slice(0, at), directives: understand(text) };
    });
}

function understand(text: string): Directives | undefined {
  try {
    return desiredDirectives(text);
  } catch {
    return undefined;
  }
}

/** In a distribution's folder the server's user may have put a file without end. */
const mostBytes = 4_194_304;

/**
 * The tool's own folder. Only where it has none of this cluster, those of the distributions, which earlier
 * versions used: the server's user can write there.
 */
const hostScript = reading('/etc/weedgo-redis/*.conf', '/etc/redis/*.conf /etc/valkey/*.conf');
const localScript = reading('"$state/$cluster"/*/redis.conf');

/** A path and the content in base64 on a line each, from the first group of files that has any. */
function reading(...groups: readonly string[]): string {
  return `
read -r cluster; read -r state
found=
${groups.map(readGroup).join('\n[ -z "$found" ] || exit 0\n')}
exit 0`;
}

function readGroup(files: string): string {
  return `for conf in ${files}; do
  [ -f "$conf" ] && [ ! -L "$conf" ] || continue
  head -c 4096 -- "$conf" | grep -qxF "# cluster: $cluster" || continue
  text=$(head -c ${mostBytes} <"$conf" | base64 | tr -d '\\n') && printf '%s %s\\n' "$conf" "$text" || exit 1
  found=yes
done`;
}
