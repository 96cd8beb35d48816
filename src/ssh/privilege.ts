import { askSecret } from './ask.ts';
import type { Context } from './ask.ts';
import { ConnectError } from './connect-error.ts';
import { exchange } from './script/exchange.ts';
import { rootLine, rootStage } from './script/frame.ts';
import type { RootCommand } from './script/frame.ts';
import type { Privilege } from './link-shell.ts';
import { runScript } from './script/run.ts';
import type { Runner } from './script/stopper.ts';
import type { Become } from './target.ts';

const probeTimeoutMs = 60_000;

/**
 * Finds out how the user becomes root, once a connection. A sudo password is tried once, alone, so that a
 * wrong one is one refusal and not a row of them. `-k` makes sudo forget, for this one command, what it
 * remembers: the answer has to hold in an hour.
 */
export async function findPrivilege(context: Context, runner: Runner, become: Become): Promise<Privilege> {
  const { uid, user, has } = await identify(context, runner);
  if (uid === '0') return { kind: 'root' };
  const { host } = runner.link;
  if (become === false) {
    return refused(host, `${user} is not root on ${host}`, 'set become: true, or log in as root');
  }
  const programs = (['sudo', 'doas'] as const).filter(
    (name) => has.has(name) && (become === true || become === name),
  );
  if (programs.length === 0) {
    const wanted = become === true ? 'sudo or doas' : become;
    return refused(
      host,
      `${user} cannot be root on ${host}: there is no ${wanted}`,
      `install ${wanted} there`,
    );
  }
  const tries: Tried[] = [];
  for (const name of programs) {
    const tried = await tryWithout(context, runner, { name, has });
    if (tried.said === granted) return via(tried.root, '');
    tries.push(tried);
  }
  const sudo = tries.find((tried) => tried.name === 'sudo');
  if (sudo !== undefined && /password is required/.test(sudo.said)) {
    return await withPassword(context, runner, { user, root: sudo.root });
  }
  return explain(host, user, tries);
}

const granted = 'granted';
const printGranted = `echo ${granted}`;

type Tried = { readonly name: 'sudo' | 'doas'; readonly root: RootCommand; readonly said: string };

async function identify(
  context: Context,
  runner: Runner,
): Promise<{ uid: string; user: string; has: ReadonlySet<string> }> {
  const script =
    'id -u; id -un; for name in sudo doas script; do command -v $name >/dev/null && echo $name; done; :';
  const request = { script, timeoutMs: probeTimeoutMs, ...(context.signal && { signal: context.signal }) };
  const [uid = '', user = '', ...has] = (await runScript(runner, request, Buffer.alloc(0))).stdout.split(
    '\n',
  );
  return { uid, user, has: new Set(has) };
}

/** Tries without a password, and with a terminal where sudo demands one. */
async function tryWithout(
  context: Context,
  runner: Runner,
  { name, has }: { name: 'sudo' | 'doas'; has: ReadonlySet<string> },
): Promise<Tried> {
  const command = name === 'sudo' ? 'sudo -k -n --' : 'doas -n';
  const first = await attempt(context, runner, { root: { command, terminal: false }, input: '' });
  const run = { command: name === 'sudo' ? 'sudo -n --' : 'doas -n', terminal: false };
  if (!/must have a tty/.test(first) || !has.has('script')) return { name, root: run, said: first };
  const said = await attempt(context, runner, { root: { command, terminal: true }, input: '' });
  return { name, root: { ...run, terminal: true }, said };
}

async function attempt(
  context: Context,
  runner: Runner,
  { root, input }: { root: RootCommand; input: string },
): Promise<string> {
  const line = rootLine(root, printGranted);
  const { stdout, stderr } = await exchange(runner, {
    line,
    input,
    timeoutMs: probeTimeoutMs,
    signal: context.signal,
  });
  return stdout.trim() === granted ? granted : stderr.trim() || stdout.trim();
}

async function withPassword(
  context: Context,
  runner: Runner,
  { user, root }: { user: string; root: RootCommand },
): Promise<Privilege> {
  const { host } = runner.link;
  const source = context.becomePassword;
  const password = await askSecret(context, {
    purpose: `sudo password of ${user}`,
    question: `sudo password of ${user} (${host} asks; used for all hosts): `,
    source,
    attempt: 1,
  });
  if (password === undefined) {
    const hint = 'set becomePassword in the inventory, or allow it without: user ALL=(root) NOPASSWD: ALL';
    return refused(host, `sudo on ${host} wants the password of ${user}`, hint);
  }
  if (/[\n\r\0]/.test(password))
    return refused(host, 'the sudo password has a line break', 'sudo reads one line');
  const command = 'sudo -k -S -p "" --';
  const said = await attempt(context, runner, { root: { ...root, command }, input: `${password}\n` });
  if (said === granted) return via({ ...root, command: 'sudo -S -p "" --' }, `${password}\n`);
  if (/incorrect password|try again|no password was provided/i.test(said)) {
    const from = source === undefined ? 'that was typed' : 'of becomePassword';
    return refused(host, `sudo on ${host} refused the password ${from} for ${user}`, 'it was tried once');
  }
  return refused(host, `sudo on ${host} does not let ${user} be root: ${oneLine(said)}`, 'see: sudo -l');
}

function via(root: RootCommand, password: string): Privilege {
  return { kind: 'become', prefix: Buffer.from(rootStage(root) + password) };
}

function explain(host: string, user: string, tries: readonly Tried[]): Privilege {
  const said = tries.map((tried) => oneLine(tried.said)).join('; ');
  return refused(host, `${user} cannot be root on ${host}: ${said}`, remedy(user, said));
}

function remedy(user: string, said: string): string {
  if (/must have a tty/.test(said)) {
    return `install util-linux's script there, or write in sudoers: Defaults:${user} !requiretty`;
  }
  if (/doas: (Authentication|Authorization) required/.test(said)) {
    return `doas takes passwords from a terminal only; write in doas.conf: permit nopass ${user} as root`;
  }
  // Given the right password on its standard input, sudo-rs 0.2.5 does not come back.
  if (/sudo-rs: interactive authentication is required/.test(said))
    return `sudo-rs takes passwords from a terminal only; write in sudoers: ${user} ALL=(root) NOPASSWD: ALL`;
  return said.startsWith('doas: ') ? `write in doas.conf: permit nopass ${user} as root` : 'see: sudo -l';
}

function refused(host: string, message: string, hint: string): Privilege {
  return { kind: 'refused', error: new ConnectError('privilege', message, { host, hints: [hint] }) };
}

function oneLine(text: string): string {
  return text.split('\n').filter(Boolean).slice(-2).join(' ');
}
