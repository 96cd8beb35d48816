import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import type { HostProbe } from '../../../src/checks/probe.ts';
import { parseHostProbe } from '../../../src/observation/host-probe.ts';

type Case = { readonly name: string; readonly output: string; readonly probe: Partial<HostProbe> };

const file = new URL('../../fixtures/verify/host-probe.yaml', import.meta.url);
const cases: readonly Case[] = parse(readFileSync(file, 'utf8'));

test.each(cases)('$name', ({ output, probe }) => {
  expect(parseHostProbe(output)).toEqual({ oomKills: undefined, certificates: {}, ...probe });
});
