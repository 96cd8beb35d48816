import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

/**
 * Who runs a script on a host by itself. Everything else that changes a host goes through `runChange` or
 * `applySteps`, which check the lock there (decision 26). A file belongs here only if its scripts read, or
 * for the reason named.
 */
const byThemselves: Readonly<Record<string, string>> = {
  'host/change.ts': 'is runChange',
  'host/apply.ts': 'is applySteps; its own folder for the steps needs no lock',
  'host/diagnosis/read.ts': 'reads',
  'host/facts/read.ts': 'reads',
  'host/listen.ts': 'listens on ports where nothing listens, for the port check',
  'host/probe.ts': 'tries to connect',
  'host/scratch.ts': 'starts a server without port and data, which it ends',
  'host/socket-owner.ts': 'reads',
  'session/audit/audit.ts': 'adds to the audit log, also of a command that has lost the lock',
  'failover/restart-node.ts': 'reads the end of a log',
  'session/audit/read.ts': 'reads',
  'session/lock/ask.ts': 'is the lock',
  'session/lock/guard.ts': 'is the guard',
  'session/lock/holder.ts': 'reads',
  'session/other-cluster.ts': 'reads',
  'session/journal/journal.ts': 'reads; it writes by runChange',
  'session/secrets/configurations.ts': 'reads',
  'observation/certificates.ts': 'reads',
  'observation/connections.ts': 'reads',
  'observation/host-probe.ts': 'reads',
};

/** Who gets a connection on which nothing checks the lock. */
const withoutGuard: Readonly<Record<string, string>> = {
  'session/connect.ts': 'makes the session',
  'session/lock/guard.ts': 'is the guard',
  'failover/write-probe/probe.ts': 'writes its own keys, which expire',
  'failover/promote-by-force.ts': 'withdraws a failover that this command has asked for',
  'observation/paused.ts': 'asks by a script that touches nothing',
};

const folder = fileURLToPath(new URL('../../src/', import.meta.url));
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter(
    (file) =>
      file.endsWith('.ts') && /^(host|redis|session|observation|failover|operations|cli)\//.test(file),
  )
  .map((file) => [file, readFileSync(folder + file, 'utf8')] as const);

const using = (pattern: RegExp): readonly string[] =>
  files.flatMap(([file, text]) => (pattern.test(text) ? [file] : [])).toSorted();

test('a script runs on a host only where the lock is checked, or where it is known to need none', () => {
  expect(using(/\bshell\??\s*\.run\(|(?<!stages)\.run\(\{|\brun\(\{ script/)).toEqual(
    Object.keys(byThemselves).toSorted(),
  );
});

test('a connection to a node checks the lock, or is known to need none', () => {
  const found = using(/\bsession\.connect\(|\bconnectNode\(|\.rescue\b|\brescue:/);
  expect(found.filter((file) => !file.startsWith('redis/'))).toEqual(Object.keys(withoutGuard).toSorted());
});
