/**
 * `npm run bench [-- startup|forming|verify|hosts …] [--runs N]`: how fast the tool is, compared with others
 * that do the same; a Markdown table whose lines appear as they are measured. Default: everything, five runs
 * each.
 */
import { cpus, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { benchForming } from './forming.ts';
import { benchHosts } from './hosts.ts';
import { type Comparison, formatRow, tableHead } from './measure.ts';
import { benchStartup } from './startup.ts';
import { benchVerify } from './verify.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { runs: { type: 'string', default: '5' } },
});
const runs = Number(values.runs);

const parts: Readonly<Record<string, readonly (() => Promise<readonly Comparison[]>)[]>> = {
  startup: [() => benchStartup(4 * runs)],
  // redis-cli takes minutes for the largest.
  forming: [
    async () => [await benchForming(6, runs)],
    async () => [await benchForming(30, runs)],
    async () => [await benchForming(120, Math.ceil(runs / 2))],
  ],
  verify: [() => benchVerify(60, runs)],
  hosts: [() => benchHosts(runs)],
};

const machine = `${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'}), ${Math.round(totalmem() / 2 ** 30)} GiB`;
console.log(`Medians (fastest to slowest run); Node ${process.versions.node}, ${machine}.\n\n${tableHead}`);
for (const name of positionals.length > 0 ? positionals : Object.keys(parts)) {
  const part = parts[name];
  if (!part) throw new Error(`no such part: ${name}; there are ${Object.keys(parts).join(', ')}`);
  for (const measure of part) for (const comparison of await measure()) console.log(formatRow(comparison));
}
