import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OperationError } from '../../../src/base/errors.ts';
import type { Inventory } from '../../../src/inventory/inventory.ts';
import { parseInventory } from '../../../src/inventory/load.ts';
import type { OperationEvent } from '../../../src/session/events.ts';
import type { Session } from '../../../src/session/session.ts';
import { localShell } from '../../../src/ssh/local.ts';
import type { Shell } from '../../../src/ssh/shell.ts';

/** Hosts for what keeps files in root's folders: each has a folder of this machine in their place. */
export type Folders = {
  readonly root: string;
  readonly inventory: Inventory;
  /** What a path on a host is here. */
  readonly pathOn: (host: string, path: string) => string;
  /** A session that reaches some of the hosts. `cut`: from then on a host does not answer any more. */
  readonly session: (hosts: readonly string[]) => FolderSession;
  readonly close: () => Promise<void>;
};

export type FolderSession = Session & {
  readonly events: readonly OperationEvent[];
  readonly cut: (host: string) => void;
};

/** `root`: of folders that another process has made. */
export async function createFolders(count: number, root?: string): Promise<Folders> {
  return openFolders(count, root ?? (await mkdtemp(join(tmpdir(), 'weedgo-folders-'))));
}

async function openFolders(count: number, root: string): Promise<Folders> {
  const names = Array.from({ length: count }, (_, index) => `r${index + 1}`);
  const inventory = parseInventory(
    JSON.stringify({
      cluster: 'folders',
      replicas: 0,
      auth: { password: { env: 'WEEDGO_REDIS_PASSWORD' } },
      hosts: names.map((name, index) => ({ name, address: `10.0.0.${index + 1}`, ports: [7000] })),
    }),
    '/nowhere/weedgo-redis.yaml',
  );
  for (const name of names) await mkdir(join(root, name), { recursive: true });
  const pathOn: Folders['pathOn'] = (host, path) => join(root, host, path);
  return {
    root,
    inventory,
    pathOn,
    session: (hosts) => openSession(inventory, hosts, pathOn),
    close: () => rm(root, { recursive: true }),
  };
}

function openSession(
  inventory: Inventory,
  hosts: readonly string[],
  pathOn: Folders['pathOn'],
): FolderSession {
  const events: OperationEvent[] = [];
  const cut = new Set<string>();
  const isCut = (host: string): boolean => cut.has(host);
  const shells = new Map(hosts.map((host) => [host, shellIn(host, { pathOn, isCut })]));
  const unreachable = inventory.hosts
    .filter(({ name }) => !hosts.includes(name))
    .map(({ name }) => [name, new OperationError('is cut off', { host: name })] as const);
  return {
    inventory,
    secrets: { password: 'secret', application: undefined },
    emit: (event) => void events.push(event),
    events,
    cut: (host) => void cut.add(host),
    signal: new AbortController().signal,
    shells,
    unreachable: new Map(unreachable),
    redis: async (node) => ({ node, failure: 'host', reason: 'no server here' }),
    connect: async (node) => ({ node, failure: 'host', reason: 'no server here' }),
    close: async () => {
      await Promise.all([...shells.values()].map((shell) => shell.close()));
    },
  };
}

type Place = { readonly pathOn: Folders['pathOn']; readonly isCut: (host: string) => boolean };

function shellIn(host: string, { pathOn, isCut }: Place): Shell {
  const shell = localShell(host);
  const place = (text: string): string =>
    text.replaceAll(/(?<![\w-])\/(run|etc|var\/lib|var\/log)\/weedgo-redis/g, (path) => pathOn(host, path));
  return {
    ...shell,
    run: async ({ script, stdin = '', ...request }) => {
      if (isCut(host)) throw new OperationError('is cut off', { host });
      return shell.run({ ...request, script: place(script), stdin: place(String(stdin)) });
    },
  };
}
