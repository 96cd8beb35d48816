import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { operatorProcess } from '../../../src/session/operator.ts';

const run = promisify(execFile);
const nobody = 65_534;

const hiddenScript = `mount -t proc -o hidepid=2 proc /proc
exec setpriv --reuid=${nobody} --regid=${nobody} --clear-groups -- "$0" "$@"`;

/**
 * What another user of this machine says of a process, where /proc shows everybody their own processes alone.
 */
async function askHidden(holder: object): Promise<string> {
  const child = ['--import', 'tsx', join(import.meta.dirname, 'gone-child.ts'), JSON.stringify(holder)];
  const { stdout } = await run(
    'unshare',
    ['--mount', 'sh', '-ec', hiddenScript, process.execPath, ...child],
    {
      env: { ...process.env, HOME: '/nonexistent' },
    },
  );
  return stdout;
}

async function describeProcess(pid: number): Promise<object> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const startedAt = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  const boot = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
  return { pid, startedAt, machine: `${boot} ${await readlink('/proc/self/ns/pid')}` };
}

it.skipIf(process.getuid?.() !== 0)('a holder whose process /proc hides is not taken for gone', async () => {
  expect(await describeProcess(process.pid)).toEqual(operatorProcess());
  const holder = spawn('sleep', ['60'], { stdio: 'ignore' });
  try {
    const described = await describeProcess(holder.pid ?? 0);
    expect(await askHidden(described)).toBe('not known');
    const ended = once(holder, 'exit');
    holder.kill('SIGKILL');
    await ended;
    expect(await askHidden(described)).toBe('gone');
  } finally {
    holder.kill('SIGKILL');
  }
});
