import type { HostProbe } from '../checks/probe.ts';
import type { ClusterView } from '../cluster/view.ts';
import { OperationError } from '../base/errors.ts';
import { asServiceUser } from '../host/scripts/as-service-user.ts';
import { shWords } from '../base/sh.ts';
import type { Host } from '../inventory/inventory.ts';
import { layoutOf } from '../render/layout.ts';
import type { Shell } from '../ssh/shell.ts';
import type { Session } from '../session/session.ts';

type Certificates = {
  readonly hostProbes: Readonly<Record<string, HostProbe>>;
  readonly view: ClusterView;
};

/** The hosts' probes with the certificates that their nodes' live configuration names. */
export async function addCertificates(
  { inventory, shells }: Session,
  { hostProbes, view }: Certificates,
): Promise<Readonly<Record<string, HostProbe>>> {
  const found = await Promise.all(
    inventory.hosts.map(async (host) => {
      const paths = certificatePaths(host, view);
      const [shell, probe] = [shells.get(host.name), hostProbes[host.name]];
      if (!shell || !probe || paths.length === 0) return [];
      const { serviceUser } = layoutOf(inventory, host);
      const certificates = await readCertificates(shell, { paths, serviceUser });
      return [[host.name, { ...probe, certificates }] as const];
    }),
  );
  return { ...hostProbes, ...Object.fromEntries(found.flat()) };
}

/** Certificates that the live configuration of a host's nodes names; none where TLS is off. */
function certificatePaths(host: Host, view: ClusterView): readonly string[] {
  const ids = new Set(host.nodes.map(({ id }) => id));
  const paths = view.nodes.flatMap((node) =>
    node.reachable && ids.has(node.node) && Number(node.config['tls-port'] ?? 0) > 0
      ? [node.config['tls-cert-file'] ?? '']
      : [],
  );
  return [...new Set(paths)].filter((path) => path !== '');
}

/**
 * When each certificate ends; undefined for one that cannot be read (no openssl, no such file, no
 * certificate). The server chose the paths, so they are read as its own user, and openssl gets the content
 * and never the name: it takes a name for a URI, and loads the library that `org.openssl.engine:/PATH:KEY`
 * names.
 */
export async function readCertificates(
  shell: Shell,
  { paths, serviceUser }: { readonly paths: readonly string[]; readonly serviceUser: string | undefined },
): Promise<HostProbe['certificates']> {
  const script = `${asServiceUser(serviceUser)}
for path in ${shWords(paths)}; do
  end=$(as_server timeout ${readSeconds} sh -c '${readEnd}' sh "$path" 2>/dev/null | head -n 1)
  printf '%s\\n' "$end"
done`;
  try {
    const { stdout } = await shell.run({ script, asRoot: true });
    const lines = stdout.split('\n');
    return Object.fromEntries(paths.map((path, index) => [path, { notAfter: parseEnd(lines[index]) }]));
  } catch (error) {
    if (error instanceof OperationError) return {};
    throw error;
  }
}

/** A pipe in the file's place would be waited for. */
const readSeconds = 5;

/** Larger than any chain of certificates. */
const mostBytes = 1_048_576;

const readEnd = `case $1 in /*) ;; *) exit 1 ;; esac
[ -f "$1" ] && head -c ${mostBytes} <"$1" | openssl x509 -noout -enddate`;

/** `notAfter=Jan  1 12:00:00 2027 GMT` */
function parseEnd(line: string | undefined): number | undefined {
  const end = Date.parse(/^notAfter=(.*)$/.exec(line ?? '')?.[1] ?? '');
  return Number.isNaN(end) ? undefined : end;
}
