import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InterruptedError, OperationError } from '../../../src/base/errors.ts';
import { connectHost } from '../../../src/ssh/connect.ts';
import { localShell } from '../../../src/ssh/local.ts';
import type { Shell } from '../../../src/ssh/shell.ts';
import type { Sshd } from '../../support/sshd.ts';
import { scratch, startSshd, targetOf, unattended, until } from '../../support/sshd.ts';

/** The contract of Shell, over every transport. */

let sshd: Sshd;
const shells = new Map<string, Shell>();
const directory = scratch('shell');

beforeAll(async () => {
  sshd = await startSshd({ name: 'redis1' });
  shells.set('local', localShell('here'));
  for (const transport of ['ssh2', 'openssh'] as const) {
    shells.set(transport, await connectHost(targetOf(sshd, { transport }), unattended()));
  }
});

afterAll(async () => {
  await Promise.all([...shells.values()].map(async (shell) => await shell.close()));
  await sshd.stop();
});

const running = (pidFile: string): boolean => existsSync(`/proc/${readFileSync(pidFile, 'utf8').trim()}`);
const appears = async (file: string): Promise<void> =>
  await until(() => existsSync(file) && readFileSync(file, 'utf8').endsWith('\n'));

describe.each(['local', 'ssh2', 'openssh'])('a shell over %s', (transport) => {
  const shell = (): Shell => shells.get(transport) as Shell;
  const file = (name: string): string => join(directory, `${transport}-${name}`);

  it('tells its host and transport', () => {
    expect(shell().transport).toBe(transport);
    expect(shell().host).toBe(transport === 'local' ? 'here' : 'redis1');
  });

  it('returns code, stdout and stderr apart, exactly', async () => {
    const script = `printf 'out\\n\\nno newline'; printf 'err' >&2; exit 7`;
    expect(await shell().run({ script })).toEqual({ code: 7, stdout: 'out\n\nno newline', stderr: 'err' });
  });

  it('takes a script with quotes, newlines, backslashes, dollars and unicode as it is', async () => {
    const text = `'"\`$HOME\\n !%s é€😀`;
    const script = `cat <<'EOF'\n${text}\nEOF\n# end`;
    expect((await shell().run({ script })).stdout).toBe(`${text}\n`);
  });

  it('takes an empty script, and one of 300 kB', async () => {
    expect(await shell().run({ script: '' })).toEqual({ code: 0, stdout: '', stderr: '' });
    const script = `: ${'x'.repeat(300_000)}\necho done`;
    expect((await shell().run({ script })).stdout).toBe('done\n');
  });

  it('reports the code of exec, of exit in a trap, and of a signal', async () => {
    expect((await shell().run({ script: `exec sh -c 'exit 9'` })).code).toBe(9);
    expect(await shell().run({ script: `trap 'echo bye; exit 3' EXIT; false` })).toMatchObject({
      code: 3,
      stdout: 'bye\n',
    });
    expect((await shell().run({ script: `sh -c 'kill -9 $$'` })).code).toBe(137);
  });

  it('gives stdin as it is, binary and empty', async () => {
    const data = randomBytes(70_000);
    const { stdout } = await shell().run({ script: 'sha256sum', stdin: data });
    expect(stdout.split(' ')[0]).toBe(createHash('sha256').update(data).digest('hex'));
    expect((await shell().run({ script: 'wc -c', stdin: '' })).stdout.trim()).toBe('0');
    expect((await shell().run({ script: 'cat; echo end' })).stdout).toBe('end\n');
  });

  it('uploads 50 MB and returns 50 MB', async () => {
    const data = Buffer.alloc(50_000_000, randomBytes(1_000_003));
    const uploaded = await shell().run({ script: 'sha256sum', stdin: data });
    expect(uploaded.stdout.split(' ')[0]).toBe(createHash('sha256').update(data).digest('hex'));
    const { stdout } = await shell().run({ script: `head -c 50000000 /dev/zero | tr '\\0' x` });
    expect(stdout.length).toBe(50_000_000);
  });

  it('is done when the script is, though it leaves its data unread or a daemon behind', async () => {
    const data = Buffer.alloc(20_000_000);
    expect((await shell().run({ script: 'exit 4', stdin: data })).code).toBe(4);
    const pidFile = file('daemon');
    const { stdout } = await shell().run({ script: `sleep 60 & echo $! > ${pidFile}; echo started` });
    expect(stdout).toBe('started\n');
    expect(running(pidFile)).toBe(true);
    process.kill(Number(readFileSync(pidFile, 'utf8')));
  });

  it('tells each line as it comes', async () => {
    const gate = file('gate');
    const lines: string[] = [];
    const { stdout } = await shell().run({
      script: `echo one; printf tw; until [ -e ${gate} ]; do sleep 0.01; done; echo o; printf three`,
      onLine: (line) => {
        lines.push(line);
        if (line === 'one') void shell().run({ script: `touch ${gate}` });
      },
    });
    expect(lines).toEqual(['one', 'two', 'three']);
    expect(stdout).toBe('one\ntwo\nthree');
  });

  it('kills the script and its children at the deadline', async () => {
    const pidFile = file('late');
    const script = `sh -c 'echo $$ > ${pidFile}; exec sleep 600' & wait`;
    const run = shell().run({ script, timeoutMs: 1_500 });
    await expect(run).rejects.toThrow(/not done after 1.5 s/);
    await expect(run).rejects.toBeInstanceOf(OperationError);
    await until(() => !running(pidFile));
  });

  it('kills a script that ignores TERM', async () => {
    const pidFile = file('stubborn');
    const script = `trap '' TERM; echo $$ > ${pidFile}; while :; do sleep 0.1; done`;
    await expect(shell().run({ script, timeoutMs: 5_000 })).rejects.toThrow(/not done/);
    await until(() => !running(pidFile));
  });

  it('kills the script when it is aborted', async () => {
    const pidFile = file('aborted');
    const abort = new AbortController();
    const run = shell().run({ script: `echo $$ > ${pidFile}; sleep 600`, signal: abort.signal });
    await appears(pidFile);
    abort.abort();
    await expect(run).rejects.toBeInstanceOf(InterruptedError);
    await until(() => !running(pidFile));
  });

  it('refuses to begin when it was aborted before', async () => {
    const run = shell().run({ script: `touch ${file('never')}`, signal: AbortSignal.abort() });
    await expect(run).rejects.toBeInstanceOf(InterruptedError);
    expect(existsSync(file('never'))).toBe(false);
  });

  it('never passes half an upload off as a whole one', async () => {
    const [target, pidFile] = [file('upload'), file('upload-pid')];
    const abort = new AbortController();
    const script = `echo $$ > ${pidFile}; head -c 100000 >/dev/null; sleep 1; cat >/dev/null && touch ${target}`;
    const run = shell().run({ script, stdin: Buffer.alloc(60_000_000), signal: abort.signal });
    await appears(pidFile);
    abort.abort();
    await expect(run).rejects.toBeInstanceOf(InterruptedError);
    await until(() => !running(pidFile));
    expect(existsSync(target)).toBe(false);
  });

  it('names the host when a script is killed there', async () => {
    await expect(shell().run({ script: 'kill -9 0' })).rejects.toThrow(
      transport === 'local' ? /killed on here/ : /killed on redis1/,
    );
  });

  it('runs many scripts at once', async () => {
    const runs = Array.from(
      { length: 30 },
      async (_, index) => await shell().run({ script: `echo ${index}` }),
    );
    expect((await Promise.all(runs)).map(({ stdout }) => Number(stdout))).toEqual(
      runs.map((_, index) => index),
    );
  });

  it('keeps script and data out of every argument vector and environment', async () => {
    const secret = randomBytes(12).toString('hex');
    const { stdout } = await shell().run({
      script: `: ${secret}; cat >/dev/null; cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n'`,
      stdin: secret,
    });
    expect(stdout).toContain('weedgo-redis:');
    expect(stdout).not.toContain(secret);
  });

  it('has the directories of system tools in its PATH, C messages, and / for a start', async () => {
    const { stdout } = await shell().run({ script: 'echo "$PATH" "$LC_ALL" "$PWD"' });
    expect(stdout).toMatch(/:\/usr\/sbin:.* C \/\n$/);
  });

  it('forwards both ways, and sees the other end close', async () => {
    const server = createServer((peer) => peer.on('data', (chunk) => peer.end(`got ${String(chunk)}`)));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const stream = await shell().forward('127.0.0.1', (server.address() as AddressInfo).port);
    let text = '';
    stream.on('data', (chunk) => (text += String(chunk)));
    stream.write('hello');
    await new Promise((resolve) => stream.once('close', resolve));
    expect(text).toBe('got hello');
    server.close();
  });

  it('forwards 20 MB each way', async () => {
    const server = createServer((peer) => void peer.pipe(peer));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const stream = await shell().forward('127.0.0.1', (server.address() as AddressInfo).port);
    const data = randomBytes(20_000_000);
    const hash = createHash('sha256');
    let seen = 0;
    stream.on('data', (chunk: Buffer) => {
      hash.update(chunk);
      seen += chunk.length;
    });
    stream.write(data);
    await until(() => seen === data.length);
    expect(hash.digest('hex')).toBe(createHash('sha256').update(data).digest('hex'));
    stream.destroy();
    server.close();
  });

  it('rejects a forward to a port where nobody listens', async () => {
    const opening = shell().forward('127.0.0.1', 1);
    await expect(opening).rejects.toBeInstanceOf(OperationError);
    await expect(opening).rejects.toThrow(/127.0.0.1:1 cannot be reached from (redis1|here): .*refused/i);
  });
});

describe.each(['ssh2', 'openssh'] as const)('closing a shell over %s', (transport) => {
  it('rejects what is pending, leaves nothing behind and may be done twice', async () => {
    // Of its own, so that other connections' files are not taken for this one's.
    const folder = join(directory, `t-${transport}`);
    mkdirSync(folder);
    process.env['TMPDIR'] = folder;
    const shell = await connectHost(targetOf(sshd, { transport }), unattended());
    const run = shell.run({ script: 'sleep 600' });
    const rejected = expect(run).rejects.toThrow(/the connection to redis1 .* was lost/);
    await shell.close();
    await rejected;
    await shell.close();
    await expect(shell.run({ script: ':' })).rejects.toBeInstanceOf(OperationError);
    await expect(shell.forward('127.0.0.1', 1)).rejects.toBeInstanceOf(OperationError);
    expect(readdirSync(folder)).toEqual([]);
    delete process.env['TMPDIR'];
  });
});
