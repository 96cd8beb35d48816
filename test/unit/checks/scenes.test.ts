import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { runChecks } from '../../../src/checks/run.ts';
import { inputOf, readCase } from '../../support/check-case.ts';

/**
 * Findings whose commands no integration test pastes, and why. The commands of the first group change
 * nothing; a person ends the finding, or Redis does.
 */
const exceptions: Readonly<Record<string, string>> = {
  'WR-AOF-REWRITE-LONG': 'INFO persistence only shows; a person finds what slows the disk',
  'WR-CLIENTS-BUFFERS': 'CLIENT LIST only shows; a person stops the clients',
  'WR-EPOCH-COLLISION': 'check only shows; Redis ends it as soon as the two nodes hear each other',
  'WR-NODES-DISAGREE': 'check only shows; gossip ends it as soon as the nodes hear each other',
  'WR-NODE-UNVERIFIED': 'verify only looks again',
  'WR-NOT-CHECKED': 'verify only looks again, after a person has fixed what is seen',
  'WR-OOM-KILLED': 'journalctl only shows; the finding ends a day after the last kill',
  'WR-SLOTS-TWICE': 'check, INFO and CLUSTER NODES only show; a person decides which copy stays',
  'WR-STATE-FAIL': 'CLUSTER INFO only shows; it has no cause that a command could end',
  'WR-TLS-EXPIRY': 'openssl and CONFIG GET only show; the tool does not manage certificates',

  'WR-CLOCK-SKEW': 'hosts of a test share one clock',
  'WR-CONFIG-OUTLIER': 'servers of a test are of the version that is installed, so defaults are known',
  'WR-INCOMPLETE': 'it stands for what no other check reports, and no such state is known',
  'WR-KERNEL-OVERCOMMIT': 'hosts of a test share one kernel, and cannot set it',
  'WR-KERNEL-HUGEPAGES': 'hosts of a test share one kernel, and cannot set it',
  'WR-VERSION-MIXED': 'a test has one version of the server',
};

/** Integration tests name these only as what follows from another finding, whose commands end them. */
const following: Readonly<Record<string, string>> = {
  'WR-MEMORY-OVERCOMMIT': 'provision refuses an inventory that asks for too much: memory would have to go',
  'WR-MEMORY-PROMOTION': 'its own commands are for hosts with unlike memory, and a test has one machine',
  'WR-WRITE-FAILED': 'verify only looks again',
  'WR-WRITE-UNREPLICATED': 'verify only looks again',
};

const files = (folder: string, ending: string): readonly string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith(ending))
    .map((file) => folder + file);

const folderOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

const isCommand = (line: string): boolean => !line.startsWith('#');

test(
  'every finding with a command under fix is provoked by an integration test, or is an exception',
  { timeout: 60_000 },
  () => {
    const tests = files(folderOf('../../integration/'), '.test.ts').map((file) => readFileSync(file, 'utf8'));
    const named = new Set(tests.join('').match(/(?<=')WR-[A-Z-]+(?=')/g));
    const found = files(folderOf('../../fixtures/checks/'), '.yaml').flatMap((file) =>
      runChecks(inputOf(readCase(file))).flatMap(({ findings }) => findings),
    );
    const ids = new Set(found.filter(({ remedy }) => remedy.some(isCommand)).map(({ id }) => id));
    expect(ids.size).toBeGreaterThan(80);
    expect([...ids].filter((id) => !named.has(id)).toSorted()).toEqual(Object.keys(exceptions).toSorted());
    for (const id of Object.keys(following)) expect(named).toContain(id);
  },
);
