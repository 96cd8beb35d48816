import { planFirewall } from './planning/firewall.ts';
import { planFiles } from './planning/files.ts';
import type { PlanInput } from './planning/input.ts';
import { planKernel } from './planning/kernel.ts';
import { planMoves } from './planning/moves.ts';
import { planPackages } from './planning/packages.ts';
import { planServices } from './planning/services.ts';
import type { HostStep } from './step.ts';

/**
 * The steps that make the host what it should be; none when it is. A running node is never restarted by them:
 * a changed configuration is written, and what that means for the running server is not this room's to say.
 */
export function planHost(input: PlanInput): readonly HostStep[] {
  return [
    ...planPackages(input),
    ...planFiles(input),
    ...planMoves(input),
    ...planKernel(input),
    ...planFirewall(input),
    ...planServices(input),
  ];
}

/**
 * The first steps of a plan, up to where the facts have to be read and the plan made again: after the package
 * lists were refreshed and after an installation it is known for certain which version there is, and nothing
 * of the rest happens on the strength of a guess. Data that was moved is judged where it is now.
 */
export function untilObservation(steps: readonly HostStep[]): readonly HostStep[] {
  const end = steps.findIndex(({ kind }, index) =>
    kind === 'move-data'
      ? steps[index + 1]?.kind !== kind
      : kind === 'refresh-packages' || kind === 'install-packages',
  );
  return end === -1 ? steps : steps.slice(0, end + 1);
}
