import type { HostProbe } from '../../checks/probe.ts';
import type { ClusterView } from '../../cluster/view.ts';
import { OperationError } from '../../errors.ts';
import { shWords } from '../../host/sh.ts';
import type { Host } from '../../inventory/inventory.ts';
import type { Shell } from '../../ssh/shell.ts';

/** Certificates that the live configuration of a host's nodes names; none where TLS is off. */
export function certificatePaths(host: Host, view: ClusterView): readonly string[] {
  const ids = new Set(host.nodes.map(({ id }) => id));
  const paths = view.nodes.flatMap((node) =>
    node.reachable && ids.has(node.node) && Number(node.config['tls-port'] ?? 0) > 0
      ? [node.config['tls-cert-file'] ?? '']
      : [],
  );
  return [...new Set(paths)].filter((path) => path !== '');
}

/** When each certificate ends; undefined for one that cannot be read (no openssl, no such file, no certificate). */
export async function readCertificates(
  shell: Shell,
  paths: readonly string[],
): Promise<HostProbe['certificates']> {
  const script = `for path in ${shWords(paths)}; do openssl x509 -noout -enddate -in "$path" 2>/dev/null || echo; done`;
  try {
    const { stdout } = await shell.run({ script, asRoot: true });
    const lines = stdout.split('\n');
    return Object.fromEntries(paths.map((path, index) => [path, { notAfter: parseEnd(lines[index]) }]));
  } catch (error) {
    if (error instanceof OperationError) return {};
    throw error;
  }
}

/** `notAfter=Jan  1 12:00:00 2027 GMT` */
function parseEnd(line: string | undefined): number | undefined {
  const end = Date.parse(/^notAfter=(.*)$/.exec(line ?? '')?.[1] ?? '');
  return Number.isNaN(end) ? undefined : end;
}
