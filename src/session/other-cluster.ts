import { OperationError, RefusedError } from '../base/errors.ts';
import type { Inventory } from '../inventory/inventory.ts';
import { parseHeader } from '../render/header.ts';
import { layoutOf, type NodeLayout } from '../render/layout.ts';
import type { Session } from './session.ts';
import { type Station, stationsOf } from './stations.ts';

/** Prints `INDEX LINE` of each file's header; a file that is not there has none. */
const script = `
index=0
while IFS= read -r file; do
  if [ -f "$file" ]; then
    text=$(head -n 8 -- "$file") || exit 1
    printf '%s\\n' "$text" | grep '^#' | sed "s/^/$index /"
  fi
  index=$((index + 1))
done
:`;

/**
 * Throws RefusedError where a node of the inventory has the configuration of another cluster. The lock and
 * the journal have the inventory's name: under another name, a second operator would be kept from nothing.
 * Throws OperationError where a host could not say.
 */
export async function refuseOtherCluster(session: Session): Promise<void> {
  const { inventory } = session;
  const found = await Promise.all(stationsOf(session).map((station) => headersAt(inventory, station)));
  const other = found.flat().find(({ cluster }) => cluster !== undefined && cluster !== inventory.cluster);
  if (!other) return;
  const { node, configFile } = other.layout;
  throw new RefusedError(`${node.id}: ${configFile} belongs to cluster ${other.cluster}; it is not touched`, {
    node: node.id,
    hints: [
      `If it is the same cluster, write \`cluster: ${other.cluster}\` in the inventory: its lock and its journal have that name.`,
      'If it is another one, give the node another port in the inventory.',
    ],
  });
}

type Header = { readonly layout: NodeLayout; readonly cluster: string | undefined };

async function headersAt(inventory: Inventory, { host, shell }: Station): Promise<readonly Header[]> {
  const isLocal = inventory.hosts.some(({ name, connection }) => name === host && connection === 'local');
  const layouts = inventory.hosts
    .filter(({ name, connection }) => (isLocal ? connection === 'local' : name === host))
    .flatMap((each) => layoutOf(inventory, each).nodes);
  const stdin = layouts.map(({ configFile }) => `${configFile}\n`).join('');
  const { code, stdout, stderr } = await shell.run({ script, stdin, asRoot: true, timeoutMs: 15_000 });
  if (code !== 0)
    throw new OperationError(
      `whose configuration files the nodes have could not be read (exit ${code}): ${stderr.trim()}`,
      { host },
    );
  return layouts.map((layout, index) => {
    const lines = stdout.split('\n').filter((line) => line.startsWith(`${index} `));
    return {
      layout,
      cluster: parseHeader(lines.map((line) => line.replace(/^\d+ /, '')).join('\n'))?.cluster,
    };
  });
}
