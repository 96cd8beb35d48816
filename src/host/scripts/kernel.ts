import { shQuote } from '../../base/sh.ts';
import type { KernelSetting } from '../step.ts';

/** sh that sets kernel parameters at once, without sysctl(8), which minimal systems lack. */
export const sysctlScript = (settings: readonly KernelSetting[]): string =>
  settings
    .map(({ key, value }) => `echo ${value} >${shQuote(`/proc/sys/${key.replaceAll('.', '/')}`)}`)
    .join('\n');

export const transparentHugepagesScript = (value: 'madvise' | 'never'): string =>
  `echo ${value} >/sys/kernel/mm/transparent_hugepage/enabled`;
