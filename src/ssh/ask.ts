import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { ConnectionPool } from './pool.ts';
import type { SecretSource } from './target.ts';
import type { ConnectOptions } from './options.ts';

/** The options of a connection with the pool that is always there. */
export type Context = ConnectOptions & { readonly pool: ConnectionPool };

export type SecretQuestion = {
  /** What the answer is good for; asked once a run for the same purpose and attempt. */
  readonly purpose: string;
  readonly question: string;
  readonly source: SecretSource | undefined;
  /** From 1; the source answers the first only. */
  readonly attempt: number;
};

const run = promisify(execFile);

/**
 * A secret: from its source, else from SSH_ASKPASS where OpenSSH would use it, else from the operator.
 * Undefined when nobody answers. Connections made at the same time share one answer.
 */
export async function askSecret(context: Context, asked: SecretQuestion): Promise<string | undefined> {
  const key = `${asked.purpose} #${asked.attempt}`;
  const known = context.pool.answers.get(key);
  if (known !== undefined) return await known;
  const answer = answerSecret(context, asked);
  context.pool.answers.set(key, answer);
  return await answer;
}

async function answerSecret(context: Context, asked: SecretQuestion): Promise<string | undefined> {
  if (asked.source !== undefined) {
    return asked.attempt === 1 ? await context.resolveSecret(asked.source) : undefined;
  }
  return await inTurn(context.pool, async () => {
    const program = askpassProgram(context.prompter.interactive);
    if (program !== undefined) return await askProgram(program, asked.question);
    return await context.prompter.ask(asked.question, { secret: true });
  });
}

/** Runs one thing at a time that needs the operator's attention. */
export async function inTurn<T>(pool: ConnectionPool, ask: () => Promise<T>): Promise<T> {
  pool.questions += 1;
  const turn = pool.lastQuestion.then(ask);
  pool.lastQuestion = turn.catch(() => undefined);
  try {
    return await turn;
  } finally {
    pool.questions -= 1;
  }
}

/** Gives a notice once a run. */
export function noticeOnce(context: Context, host: string, notice: string): void {
  if (context.pool.noticed.has(notice)) return;
  context.pool.noticed.add(notice);
  context.notify?.(host, notice);
}

/** The rule of ssh(1) for SSH_ASKPASS and SSH_ASKPASS_REQUIRE. */
export function askpassProgram(interactive: boolean): string | undefined {
  const { SSH_ASKPASS: program, SSH_ASKPASS_REQUIRE: require, DISPLAY, WAYLAND_DISPLAY } = process.env;
  if (program === undefined || program === '' || require === 'never') return undefined;
  if (require === 'force' || require === 'prefer') return program;
  return !interactive && (DISPLAY || WAYLAND_DISPLAY) ? program : undefined;
}

async function askProgram(program: string, question: string): Promise<string | undefined> {
  try {
    const { stdout } = await run(program, [question]);
    return stdout.split(/\r?\n/)[0];
  } catch {
    return undefined;
  }
}
