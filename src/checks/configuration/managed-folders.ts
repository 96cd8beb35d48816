import type { UnusablePath } from '../../host/facts.ts';
import { shQuote } from '../../base/sh.ts';
import type { Host } from '../../inventory/inventory.ts';
import { layoutOf } from '../../render/layout.ts';
import type { Check, Finding } from '../check.ts';
import type { CheckInput } from '../input.ts';
import { byHand, onHost, ours } from '../remedy.ts';
import { titled } from '../shared.ts';

/**
 * The folders that the tool keeps on a host are there, and nothing else is in the place of its files and
 * folders.
 */
export const managedFolders: Check = {
  name: 'managed folders',
  section: 'configuration',
  run: (input) =>
    input.inventory.hosts.flatMap((host): readonly Finding[] => {
      const facts = input.hosts[host.name];
      if (!facts?.reachable) return [];
      const { directories, unusable } = facts.facts;
      const absent = layoutOf(input.inventory, host)
        .directories.map(({ path }) => path)
        .filter((path) => directories[path] === undefined && unusable[path] === undefined);
      return [
        ...absent.map((path) => missing(input, host, path)),
        ...Object.entries(unusable).map(([path, found]) => replaced(input, host, { ...found, path })),
      ];
    }),
};

function missing({ inventory }: CheckInput, host: Host, path: string): Finding {
  const nodes = nodesAt(inventory, host, path);
  return {
    id: 'WR-FOLDER-MISSING',
    severity: 'critical',
    ...titled(`${path} on ${host.name}`, '{} {is|are} missing'),
    nodes,
    hosts: [host.name],
    seen: 'it is not there',
    expected: 'the folder as provision makes it',
    why: 'A node that needs it does not start, and one that runs cannot write to it.',
    remedy: [ours(inventory, 'provision')],
    // Its remedy makes the folder as well, and knows what else a node without its data needs.
    dueTo: [{ ids: ['WR-NODE-DOWN'], nodes }],
  };
}

const kinds: Readonly<Record<UnusablePath['what'], string>> = {
  link: 'a symbolic link',
  directory: 'a folder',
  unreadable: 'a file that root may not read',
  other: 'neither a file nor a folder',
};

function replaced(
  { inventory }: CheckInput,
  host: Host,
  { path, what, owner }: UnusablePath & { readonly path: string },
): Finding {
  return {
    id: 'WR-PATH-REPLACED',
    severity: 'critical',
    ...titled(`${path} on ${host.name}`, '{} {is not what provision made|are not what provision made}'),
    nodes: nodesAt(inventory, host, path),
    hosts: [host.name],
    seen: `${kinds[what]} of ${owner}`,
    expected: 'a file or a folder of its own',
    why: 'It is neither followed nor replaced: the user who made it may want root to write elsewhere.',
    remedy: [
      onHost(inventory, host.name, `ls -ld ${shQuote(path)}`),
      byHand(`on ${host.name}, move ${path} out of the way once you know who made it and why`),
      ours(inventory, 'provision'),
    ],
    explains: [{ ids: ['WR-FILE-MISSING'], hosts: [host.name] }],
  };
}

/** The nodes that have something there, or below it. */
function nodesAt(inventory: CheckInput['inventory'], host: Host, path: string): readonly string[] {
  return layoutOf(inventory, host)
    .nodes.filter(({ dataDirectory, logFile, configFile }) =>
      [dataDirectory, logFile, configFile].some((file) => file === path || file.startsWith(`${path}/`)),
    )
    .map(({ node }) => node.id);
}
