import type { Facts } from '../facts.ts';
import type { PlanInput } from './input.ts';
import { shQuote } from '../../base/sh.ts';
import type { HostStep, KernelSetting } from '../step.ts';

/** What the kernel has now, and whether it can be changed here, by sysctl key. */
export function kernelState(facts: Facts): Readonly<Record<string, { now: number; writable: boolean }>> {
  const { kernel } = facts;
  return {
    'vm.overcommit_memory': { now: kernel.overcommitMemory, writable: kernel.overcommitMemoryWritable },
    'net.core.somaxconn': { now: kernel.somaxconn, writable: kernel.somaxconnWritable },
  };
}

/** A queue longer than wanted is as good. */
export const isSatisfied = ({ key, value }: KernelSetting, now: number): boolean =>
  key === 'net.core.somaxconn' ? now >= value : now === value;

/** Settings that differ and that this kernel lets us change; for the others `requireHost` has a warning. */
export function planKernel({ facts, desired }: PlanInput): readonly HostStep[] {
  const state = kernelState(facts);
  const settings = desired.kernel.filter((setting) => {
    const known = state[setting.key];
    return known?.writable === true && !isSatisfied(setting, known.now);
  });
  const { transparentHugepages, transparentHugepagesWritable } = facts.kernel;
  const hugepages =
    desired.hugepages && transparentHugepages === 'always' && transparentHugepagesWritable
      ? [{ kind: 'set-transparent-hugepages', value: desired.hugepages } as const]
      : [];
  return [...(settings.length > 0 ? [{ kind: 'apply-sysctl', settings } as const] : []), ...hugepages];
}

/** A setting that another file takes back at boot. */
export type BootOverride = { readonly setting: KernelSetting; readonly value: string; readonly file: string };

/** Settings of the tool's file that a file with a later name sets to something worse. */
export function bootOverrides(
  { kernel }: Facts,
  settings: readonly KernelSetting[],
): readonly BootOverride[] {
  return settings.flatMap((setting) => {
    const last = kernel.atBoot[setting.key];
    return last === undefined || isSatisfied(setting, Number(last.value)) ? [] : [{ setting, ...last }];
  });
}

/** sh that makes a comment of the lines that set a key, in the file itself where its name is a link. */
export const disableLine = ({ setting, file }: BootOverride): string =>
  `sed -i --follow-symlinks 's|^[[:space:]]*-\\{0,1\\}${setting.key.replaceAll('.', '[./]')}|# &|' ${shQuote(file)}`;
