import { expect } from 'vitest';
import type { ReportFinding } from '../../src/report/schema.ts';
import type { Cli } from './cli.ts';

export type Fixing = {
  /** What comes to light when what was found is fixed, round by round. */
  readonly later?: readonly (readonly string[])[];
  /** What the operator does where the remedy leaves it to them: at its first line that begins with #. */
  readonly byHand?: () => Promise<unknown>;
  /** A command that cannot succeed before that, and what it says. */
  readonly before?: { readonly line: RegExp; readonly says: RegExp };
};

/**
 * An operator without a terminal who pastes what findings print under *fix*, line by line in the printed
 * order: each must succeed, and a line that only a person can follow begins with #.
 */
function createOperator(
  cli: Cli,
  { byHand, before }: Fixing,
): (findings: readonly ReportFinding[]) => Promise<void> {
  let isDone = byHand === undefined;
  const paste = async (line: string, of: string): Promise<void> => {
    if (line.startsWith('#') && !isDone) {
      await byHand?.();
      isDone = true;
    }
    const { code, stdout, stderr } = await cli.shell(line);
    const said = `${of}: ${line}\n${stdout}${stderr}`;
    if (!isDone && before?.line.test(line)) expect(said).toMatch(before.says);
    expect.soft(code === 0, said).toBe(isDone || !before?.line.test(line));
  };
  return async (causes) => {
    for (const { id, remedy } of causes) {
      expect(remedy.length, `${id} says nothing under fix`).toBeGreaterThan(0);
      for (const line of remedy) await paste(line, id);
    }
  };
}

/**
 * What follows from another finding has no commands of its own. A pause of a server is the test machine's
 * doing (it was stopped for a second while others worked), unless the test provokes one.
 */
const causesOf = (
  findings: readonly ReportFinding[],
  expected: readonly string[],
): readonly ReportFinding[] =>
  findings.filter(
    ({ explainedBy, id }) => explainedBy === null && (id !== 'WR-LATENCY' || expected.includes(id)),
  );

/** What a test compares of a report. */
type Seen = { readonly findings: readonly ReportFinding[] };

/**
 * Sees exactly these findings, follows their remedies as printed, and again for what then comes to light,
 * until nothing is left: the property that every remedy works, for whatever a test provokes.
 */
export async function seeAndFix<T extends Seen>(
  scene: { readonly cli: Cli; readonly verify: () => Promise<T> },
  expected: readonly string[],
  fixing: Fixing = {},
): Promise<T> {
  const follow = createOperator(scene.cli, fixing);
  const see = async (
    ids: readonly string[],
  ): Promise<{ readonly report: T; readonly causes: readonly ReportFinding[] }> => {
    const report = await scene.verify();
    const causes = causesOf(report.findings, ids);
    expect(
      causes.map(({ id }) => id),
      JSON.stringify(report.findings, null, 2),
    ).toEqual(ids);
    return { report, causes };
  };
  const first = await see(expected);
  let { causes } = first;
  for (const round of [...(fixing.later ?? []), []]) {
    await follow(causes);
    ({ causes } = await see(round));
  }
  return first.report;
}
