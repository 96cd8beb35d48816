import { expect } from 'vitest';
import type { Report, ReportFinding } from '../../../src/report/schema.ts';
import type { Lab, LabHost } from '../../lab/lab.ts';
import type { Cli } from '../../support/cli.ts';
import { type Fixing, seeAndFix } from '../../support/operator.ts';
import { until } from '../../support/until.ts';
import { documentOf, redisCli } from '../failover/place.ts';
import { createLabCli, password } from '../provision/lab-support.ts';

type LabSceneOptions = {
  /** Over the lab's inventory. */
  readonly over?: object;
  /** Where nodes listen, by host; default: the host's address in the lab. */
  readonly addresses?: Readonly<Record<string, string>>;
};

/** Six nodes under systemd on a lab's three hosts, to be made ill. */
export type LabScene = {
  readonly cli: Cli;
  /** What `weedgo-redis --json verify` says, but for what labs are made of; its exit must go with it. */
  readonly verify: () => Promise<Report>;
  readonly redis: (node: string, ...command: readonly string[]) => Promise<string>;
  /** Waits until INFO has these lines. */
  readonly untilInfo: (node: string, ...lines: readonly string[]) => Promise<void>;
};

export async function createLabScene(
  lab: Lab,
  { over = {}, addresses = {} }: LabSceneOptions = {},
): Promise<LabScene> {
  const cli = await createLabCli(lab, { production: false, ...over });
  documentOf(await cli.run('--json', 'provision'), 0);
  const redis: LabScene['redis'] = (node, ...command) => {
    const [host = '', port = ''] = node.split(':');
    return redisCli(['-h', addresses[host] ?? lab.host(host).address, '-p', port, ...command], password);
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

/** What systemd takes for the node's process; 0 while it has none. */
export const mainPid = async (host: LabHost, port: number): Promise<string> =>
  (await host.run(`systemctl show -p MainPID --value weedgo-redis@${port}`)).trim();
