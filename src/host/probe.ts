import type { Inventory, Node } from '../inventory/inventory.ts';
import type { Shell } from '../ssh/shell.ts';
import { bootScripts } from './firewall-boot.ts';
import { shQuote } from '../base/sh.ts';

/** One port to be tried from one host. */
export type PortProbe = {
  /** Host name. */
  readonly from: string;
  /** The address that its nodes have, and so come from. */
  readonly source: string;
  readonly node: Node;
  readonly port: number;
  readonly what: 'client' | 'bus';
};

/**
 * What the host itself saw; a host that could not be made to try throws instead, or is `unknown`. refused:
 * nothing listens, or a firewall says so (the two cannot be told apart from afar: a reject with icmp
 * port-unreachable reads the same). filtered: no answer at all. unreachable: the network or a firewall says
 * no. narrow: a node answers, and no longer when some kB are sent at once: large packets are lost on the way.
 * unknown: the host has no means to try, or the tool's own rules there let only root try.
 */
export type ProbeOutcome = 'open' | 'narrow' | 'refused' | 'filtered' | 'unreachable' | 'unknown';

export type ProbeResult = PortProbe & { readonly outcome: ProbeOutcome };

const timeoutSeconds = 3;
const narrowCode = 9;
/** Processes at a time on one host. */
const atOnce = 64;

/**
 * Every node's port and bus port, from every other host. Hosts that are this very machine need no network.
 */
export function portProbes(inventory: Pick<Inventory, 'hosts' | 'nodes' | 'mode'>): readonly PortProbe[] {
  const remote = inventory.hosts.filter(({ connection }) => connection === 'ssh');
  const names = new Set(remote.map(({ name }) => name));
  return remote.flatMap(({ name: from, privateAddress: source }) =>
    inventory.nodes
      .filter((node) => node.host !== from && names.has(node.host))
      .flatMap((node): readonly PortProbe[] => [
        { from, source, node, port: node.port, what: 'client' },
        ...(inventory.mode === 'cluster'
          ? [{ from, source, node, port: node.busPort, what: 'bus' } as const]
          : []),
      ]),
  );
}

/**
 * Tries the ports, from all hosts at the same time, in one run a host and about three seconds. A connection
 * is opened and closed at once, which neither a client port nor the bus minds. Results are in the probes'
 * order; those from hosts without a shell are left out. Throws OperationError when a host's connection is
 * lost.
 */
export async function probePorts(
  shells: ReadonlyMap<string, Shell>,
  probes: readonly PortProbe[],
  signal?: AbortSignal,
): Promise<readonly ProbeResult[]> {
  const hosts = [...new Set(probes.map(({ from }) => from))];
  const results = await Promise.all(
    hosts.map(async (host) => {
      const shell = shells.get(host);
      const own = probes.filter(({ from }) => from === host);
      return shell ? await probeFrom(shell, own, signal && { signal }) : [];
    }),
  );
  return results.flat();
}

/** As `probePorts`, from one host. */
export async function probeFrom(
  shell: Shell,
  probes: readonly PortProbe[],
  options: { readonly signal?: AbortSignal; readonly timeoutMs?: number } = {},
): Promise<readonly ProbeResult[]> {
  const { stdout } = await shell.run({ script: probeScript(probes), asRoot: 'try', ...options });
  const answers = new Map(
    stdout.split('\n').map((line) => {
      const [index = '', code = '', ...said] = line.split(' ');
      return [index, parseOutcome(code, said.join(' '))] as const;
    }),
  );
  return probes.map((probe, index) => ({ ...probe, outcome: answers.get(String(index)) ?? 'unknown' }));
}

/**
 * bash opens sockets by itself; every distribution that has one of our package managers has bash. Where the
 * tool's rules keep users from bus ports, what another user than root meets says nothing about the way there.
 */
function probeScript(probes: readonly PortProbe[]): string {
  const lines = probes.map(({ node, port, what }, index) => {
    const pause = index % atOnce === atOnce - 1 ? '\nwait' : '';
    return `try ${index} ${shQuote(node.address)} ${port} ${what} &${pause}`;
  });
  return `export LC_ALL=C
command -v bash >/dev/null && command -v timeout >/dev/null || exit 0
limited=
if [ "$(id -u)" != 0 ]; then
  for file in ${bootScripts}; do [ ! -e "$file" ] || limited=bus; done
fi
try() {
  [ "$4" != "$limited" ] || return 0
  said=$(timeout ${timeoutSeconds} bash -c '${attemptScript}' "$2" "$3" "$4" </dev/null 2>&1)
  printf '%s %s %s\\n' "$1" $? "$(printf '%s' "$said" | tr '\\n' ' ')"
}
${lines.join('\n')}
wait
`;
}

/**
 * A Redis that answers one PING, with a word or an error, answers many: 9 kB there and at least as much back
 * do not fit into small packets, as long as they are written at once. What does not answer the first is no
 * node, and open.
 */
const attemptScript = `exec 3<>"/dev/tcp/$0/$1" || exit 1
echo connected
[ "$2" = client ] || exit 0
printf "PING\\r\\n" >&3
read -r -t 1 -u 3 answer || exit 0
many=$(printf "PING\\r\\n%.0s" {1..1500})
printf "%s\\n" "$many" >&3 || exit 0
timeout 1.5 head -c 9000 <&3 >/dev/null
[ $? != 124 ] || exit ${narrowCode}`;

/** Exit code of `timeout` (124: it was one) and what bash said of connect(2). */
function parseOutcome(code: string, said: string): ProbeOutcome {
  if (code === String(narrowCode)) return 'narrow';
  if (code === '0' || said.startsWith('connected')) return 'open';
  if (code === '124' || /timed out/.test(said)) return 'filtered';
  if (/refused/.test(said)) return 'refused';
  return /unreachable|No route|not permitted|Permission denied|prohibited/.test(said)
    ? 'unreachable'
    : 'unknown';
}
