import type { CheckInput } from '../checks/input.ts';
import type { ClusterView } from '../cluster/view.ts';
import { OperationError } from '../base/errors.ts';
import { parseAddress } from '../host/facts/proc-address.ts';
import { canonicalAddress } from '../inventory/address.ts';
import type { Node } from '../inventory/inventory.ts';
import type { Session } from '../session/session.ts';

/** Whose connections fill a node that accepts no more, as its host's kernel lists them; asked only then. */
export async function lookAtConnections(
  { inventory, shells, signal }: Session,
  { nodes }: ClusterView,
): Promise<CheckInput['connections']> {
  const full = inventory.nodes.filter(({ id }) =>
    nodes.some((view) => view.node === id && !view.reachable && view.failure === 'full'),
  );
  const found = await Promise.all(
    full.map(async (node) => {
      const shell = shells.get(node.host);
      try {
        const { stdout } = (await shell?.run({ script: script(node.port), signal })) ?? { stdout: '' };
        return [[node.id, parse(stdout, node)] as const];
      } catch (error) {
        if (error instanceof OperationError) return [];
        throw error;
      }
    }),
  );
  return Object.fromEntries(found.flat());
}

/** `COUNT LOCAL REMOTE`, in the kernel's hexadecimal; the most numerous first. */
function script(port: number): string {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  return `cat /proc/net/tcp /proc/net/tcp6 2>/dev/null |
  sed -n 's/^ *[0-9]*: \\([0-9A-F]*\\):${hex} \\([0-9A-F]*\\):[0-9A-F]* 01 .*/\\1 \\2/p' | sort | uniq -c | sort -rn | head -n 50`;
}

function parse(output: string, node: Node): CheckInput['connections'][string] {
  return output.split('\n').flatMap((line) => {
    const [, count, local = '', remote = ''] = /^ *(\d+) ([0-9A-F]+) ([0-9A-F]+)$/.exec(line) ?? [];
    // On one machine another node may have the same port at another address.
    if (count === undefined || parseAddress(local) !== canonicalAddress(node.address)) return [];
    return [{ address: parseAddress(remote), count: Number(count) }];
  });
}
