/**
 * `npm run test:nodes`: the unit tests and the command line on the other Node versions that are supported.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const binary = `node-${process.platform}-${process.arch}`;
const runs = [
  ['--version'],
  ['node_modules/vitest/vitest.mjs', 'run', '--project', 'unit'],
  ['bin/weedgo-redis.js', '--version'],
  ['bin/weedgo-redis.js', '--help'],
];

for (const version of ['22', '24']) {
  for (const args of runs) {
    console.log(`\nNode ${version}: ${args.join(' ')}`);
    const { status } = spawnSync(
      'npm',
      ['exec', '--yes', `--package=${binary}@${version}`, '--', 'node', ...args],
      {
        cwd: root,
        stdio: 'inherit',
      },
    );
    if (status !== 0) process.exit(1);
  }
}
