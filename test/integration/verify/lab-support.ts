import { expect } from 'vitest';
import type { Report, ReportFinding } from '../../../src/report/schema.ts';
import type { Lab } from '../../lab/lab.ts';
import type { Cli } from '../../support/cli.ts';
import { type Fixing, seeAndFix } from '../../support/operator.ts';
import { until } from '../../support/until.ts';
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

export const seeAndFixScene = (
  scene: LabScene,
  expected: readonly string[],
  fixing: Fixing = {},
): Promise<Report> => seeAndFix(scene, expected, fixing);
