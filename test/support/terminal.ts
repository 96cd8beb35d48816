import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect } from 'vitest';
import type { Cli } from './cli.ts';
import { until } from './until.ts';

/** Ctrl-C, as an answer; any other is followed by Enter. */
export const ctrlC = '\u0003';

/** What is typed once the screen, after the answer before, shows that. */
export type Typed = readonly [shows: RegExp, answer: string];

/**
 * Runs `weedgo-redis ARGS…` at a terminal of its own (script of util-linux) and types the answers. Resolves
 * to the exit code and everything that was on the screen.
 */
export async function atTerminal(
  cli: Cli,
  args: readonly string[],
  answers: readonly Typed[],
): Promise<{ readonly code: number; readonly screen: string }> {
  const [program = '', ...words] = cli.commandLine(...args);
  const line = [program, ...words].map((word) => `'${word}'`).join(' ');
  const child = spawn('script', ['-qfec', line, '/dev/null'], { cwd: cli.dir, env: cli.environment });
  let screen = '';
  child.stdout.setEncoding('utf8').on('data', (data: string) => (screen += data));
  const ended = once(child, 'close');
  let seen = 0;
  for (const [shows, answer] of answers) {
    await until(async () => expect(screen.slice(seen)).toMatch(shows));
    seen = screen.length;
    child.stdin.write(answer === ctrlC ? answer : `${answer}\n`);
  }
  const [code] = (await ended) as [number];
  return { code, screen };
}
