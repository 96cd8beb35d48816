import type { Draft, DraftHost } from './draft.ts';
import type { Fault } from './fault.ts';
import type { Path } from './source.ts';

type Listed = { readonly port: number; readonly host: DraftHost; readonly path: Path };

/** Redis listens for other nodes at its port + 10000 (redis.conf, `cluster-port`). */
export const busOffset = 10_000;

/** Ports that two nodes of one machine, or a node and its SSH server, would both need. */
export function checkPorts(hosts: readonly DraftHost[], draft: Draft): readonly Fault[] {
  const listed = hosts.flatMap((host) =>
    host.ports.flatMap((port, index) =>
      port === undefined ? [] : [{ port, host, path: ['hosts', host.index, 'ports', index] }],
    ),
  );
  return listed.flatMap((entry, index) => {
    const earlier = listed.slice(0, index).filter((other) => sameMachine(other.host, entry.host));
    const message = checkPort(entry, earlier, draft);
    return message === undefined ? [] : [{ path: entry.path, message }];
  });
}

function checkPort({ port, host }: Listed, earlier: readonly Listed[], draft: Draft): string | undefined {
  const sshPort = host.ssh.port ?? draft.ssh.port ?? 22;
  if (!host.local && port === sshPort) return `${port} is the SSH port of this host; choose another`;
  if (earlier.some((other) => other.port === port)) {
    return `${port} is listed twice on this machine; every node needs a port of its own`;
  }
  if (draft.mode === 'standalone') return undefined;
  const bus = earlier.find((other) => Math.abs(other.port - port) === busOffset);
  if (bus === undefined) return undefined;
  const [low, high] = [Math.min(port, bus.port), Math.max(port, bus.port)];
  return `${high} is the bus port of node ${low} (port + 10000) on this machine; choose another`;
}

/** All local hosts are this machine, whatever their loopback addresses. */
function sameMachine(a: DraftHost, b: DraftHost): boolean {
  return a.index === b.index || (a.local && b.local);
}
