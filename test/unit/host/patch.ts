import type { DesiredHost } from '../../../src/host/planning/input.ts';
import type { Facts, Ownership } from '../../../src/host/facts.ts';

/** JSON Merge Patch (RFC 7396): null removes, objects merge, everything else replaces. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const merged: Record<string, unknown> =
    typeof target === 'object' && target !== null && !Array.isArray(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else merged[key] = mergePatch(merged[key], value);
  }
  return merged;
}

/** The facts of a host on which everything that is desired has been done. */
export function applyDesired(desired: DesiredHost, facts: Facts): Facts {
  const units = desired.services.flatMap((service, index) =>
    service.manager === 'systemd' ? [[service.unit, { ...running, mainPid: 900 + index }] as const] : [],
  );
  const nodes = desired.services.map(({ node }, index) => [node, { ...process, pid: 900 + index }] as const);
  return {
    ...facts,
    server: {
      ...facts.server,
      installed: { path: '/usr/bin/redis-server', version: '7.0.15' },
      unfinished: false,
      account: { uid: 107, gid: 114 },
    },
    files: Object.fromEntries(
      desired.files.map(({ path, mode, owner = 'root', group = 'root', content }) => [
        path,
        { ...ownership({ mode, owner, group }), content, modified: 1_700_000_000_000 },
      ]),
    ),
    directories: Object.fromEntries(
      desired.directories.map(({ path, mode, owner = 'root', group = 'root' }) => [
        path,
        { ...ownership({ mode, owner, group }), entries: [] },
      ]),
    ),
    units: { ...facts.units, ...Object.fromEntries(units) },
    processes: Object.fromEntries(nodes),
    listeners: desired.services.flatMap(({ port }, index) =>
      [port, port + 10_000].map((number) => ({
        address: '127.0.0.1',
        port: number,
        pid: 900 + index,
        process: 'redis-server',
      })),
    ),
    kernel: { ...facts.kernel, overcommitMemory: 1, somaxconn: 4096 },
    data: Object.fromEntries(
      desired.services.map(
        ({ node }) => [node, { folder: { kind: 'absent' }, leftBehind: undefined, asides: [] }] as const,
      ),
    ),
  };
}

const ownership = (access: { mode: string; owner: string; group: string }): Ownership => ({
  ...access,
  uid: access.owner === 'root' ? 0 : 107,
  gid: access.group === 'root' ? 0 : 114,
});

const running = {
  load: 'loaded',
  active: 'active',
  sub: 'running',
  enabled: 'enabled',
  restarts: 0,
  needsReload: false,
};

const process = {
  folder: 'own',
  executable: '/usr/bin/redis-server',
  openFilesLimit: 65_536,
  started: 1_700_000_001_000,
} as const;
