/** `npm run bench [-- startup|forming|hosts …]`: how fast, beside what else does the same; a Markdown table. */
import { cpus, totalmem } from 'node:os';
import { benchForming } from './forming.ts';
import { benchHosts } from './hosts.ts';
import { type Comparison, formatTable } from './measure.ts';
import { benchStartup } from './startup.ts';

const parts: Readonly<Record<string, () => Promise<readonly Comparison[]>>> = {
  startup: () => benchStartup(20),
  forming: async () => [await benchForming(6, 5), await benchForming(30, 5), await benchForming(120, 3)],
  hosts: () => benchHosts(5),
};

const chosen = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(parts);
const comparisons: Comparison[] = [];
for (const name of chosen) {
  const part = parts[name];
  if (!part) throw new Error(`no such part: ${name}; there are ${Object.keys(parts).join(', ')}`);
  console.error(`Measuring ${name}…`);
  comparisons.push(...(await part()));
}
const machine = `${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'}), ${Math.round(totalmem() / 2 ** 30)} GiB`;
console.log(`Medians (fastest to slowest run); Node ${process.versions.node}, ${machine}.\n`);
console.log(formatTable(comparisons));
