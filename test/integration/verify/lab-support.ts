import { expect } from 'vitest';
import type { Report, ReportFinding } from '../../../src/operations/report/schema.ts';
import type { Lab } from '../../lab/lab.ts';
import type { Cli } from '../../support/cli.ts';
import { until } from '../../support/until.ts';
import { ids } from './scene.ts';
import { documentOf, redisCli } from '../failover/place.ts';
import { createLabCli, password } from '../provision/lab-support.ts';

/** Six nodes under systemd on a lab's three hosts, to be made ill. */
export type LabScene = {
  readonly cli: Cli;
  /** What `weedgo-redis --json verify` says, but for what labs are made of; its exit must go with it. */
  readonly verify: () => Promise<Report>;
  readonly redis: (node: string, ...command: readonly string[]) => Promise<string>;
  /** Waits until INFO has these lines. */
  readonly untilInfo: (node: string, ...lines: readonly string[]) => Promise<void>;
};

export type Mending = {
  /** What comes to light when what was found is mended, round by round. */
  readonly later?: readonly (readonly string[])[];
  /** What the operator does where the remedy leaves it to them: at its first line that begins with #. */
  readonly byHand?: () => Promise<unknown>;
  /** A command that cannot succeed before that, and what it says. */
  readonly before?: { readonly line: RegExp; readonly says: RegExp };
};

export async function createLabScene(lab: Lab): Promise<LabScene> {
  const cli = await createLabCli(lab, { production: false });
  documentOf(await cli.run('--json', 'provision'), 0);
  const redis: LabScene['redis'] = (node, ...command) => {
    const [host = '', port = ''] = node.split(':');
    return redisCli(['-h', lab.host(host).address, '-p', port, ...command], password);
  };
  return {
    cli,
    redis,
    verify: async () => {
      const result = await cli.run('--json', 'verify');
      const report: Report = documentOf(result, result.code);
      const findings = report.findings.filter((finding) => !isOfLab(finding));
      const ill = findings.some(({ severity }) => severity !== 'info');
      expect(result.code, result.stdout).toBe(ill ? 3 : 0);
      return { ...report, findings };
    },
    untilInfo: (node, ...lines) =>
      until(async () => {
        const info = (await redis(node, 'INFO')).split(/\r?\n/);
        expect(info).toEqual(expect.arrayContaining([...lines]));
      }),
  };
}

/** Hosts of a lab share a kernel that cannot be set from there. */
const isOfLab = ({ id, severity }: ReportFinding): boolean =>
  id === 'WR-KERNEL-OVERCOMMIT' && severity === 'info';

/** Sees exactly these findings, runs their remedies as printed, and again for what then comes to light, until nothing is left. */
export async function seeAndMend(
  scene: LabScene,
  expected: readonly string[],
  mending: Mending = {},
): Promise<Report> {
  const first = await see(scene, expected);
  let { findings } = first;
  const operator = operatorOf(scene, mending);
  for (const round of [...(mending.later ?? []), []]) {
    for (const { remedy } of findings) for (const line of remedy) await operator(line);
    ({ findings } = await see(scene, round));
  }
  return first;
}

async function see(scene: LabScene, expected: readonly string[]): Promise<Report> {
  const report = await scene.verify();
  expect(ids(report), JSON.stringify(report.findings, null, 2)).toEqual(expected);
  return report;
}

function operatorOf(scene: LabScene, { byHand, before }: Mending): (line: string) => Promise<void> {
  let isDone = byHand === undefined;
  return async (line) => {
    if (line.startsWith('#') && !isDone) {
      await byHand?.();
      isDone = true;
    }
    const { code, stdout, stderr } = await scene.cli.shell(line);
    const said = `${line}\n${stdout}${stderr}`;
    if (!isDone && before?.line.test(line)) expect(said).toMatch(before.says);
    expect(code === 0, said).toBe(isDone || !before?.line.test(line));
  };
}
