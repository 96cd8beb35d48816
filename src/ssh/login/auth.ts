import type { AnyAuthMethod, AuthHandlerMiddleware, NextAuthHandler } from 'ssh2';
import type { Context } from '../ask.ts';
import type { HostConfig } from '../settings/config.ts';
import type { Identities, Identity } from './identities.ts';
import { OneKeyAgent } from './one-key-agent.ts';
import { keyboardAttempts } from './keyboard.ts';
import { passwordsFor } from './passwords.ts';

/** What was tried and what the server takes, for the message when all failed. */
export type Story = {
  readonly tried: string[];
  accepted: readonly string[];
  /** What the server has said to the user: banners and the texts of its questions, the last of it. */
  said: string;
  /** It has asked or told something after an attempt to log in, so what it said is about that. */
  asked: boolean;
};

/** How much is kept of what a server says. */
const mostSaid = 1000;

export function hearText(story: Story, text: string): void {
  if (text.trim() === '') return;
  story.asked ||= story.tried.length > 0;
  story.said = `${story.said}\n${text.trim()}`.trim().slice(-mostSaid);
}

export type Authentication = { readonly handler: AuthHandlerMiddleware; readonly story: Story };

type Attempt = {
  readonly name: 'publickey' | 'keyboard-interactive' | 'password';
  /** Undefined: nothing to offer after all. */
  readonly make: () => Promise<AnyAuthMethod | undefined>;
};

/**
 * Authenticates in ssh's order: `none` to learn what the server takes, then keys, keyboard-interactive and
 * password, each where the configuration allows it.
 */
export function authentication(context: Context, config: HostConfig, identities: Identities): Authentication {
  const story: Story = { tried: [...identities.problems], accepted: [], said: '', asked: false };
  const attempts = attemptsFor(context, config, { identities, story });

  const proceed = async (next: NextAuthHandler): Promise<void> => {
    for (;;) {
      const at = attempts.findIndex((attempt) => story.accepted.includes(attempt.name));
      const [attempt] = at === -1 ? [] : attempts.splice(at, 1);
      if (attempt === undefined) return giveUp(next);
      const method = await attempt.make();
      if (method !== undefined) return next(method);
    }
  };
  const handler: AuthHandlerMiddleware = (left, _partial, next) => {
    // ssh2 has null here at first, whatever its types say.
    if ((left as readonly string[] | null) === null) return next({ type: 'none', username: config.user });
    if (story.accepted.length === 0) story.accepted = left;
    proceed(next).catch((error: Error) => {
      story.tried.push(error.message);
      giveUp(next);
    });
  };
  return { handler, story };
}

/** ssh2 takes false for "nothing left to try"; its types do not say so. */
function giveUp(next: NextAuthHandler): void {
  Reflect.apply(next, undefined, [false]);
}

type Means = { readonly identities: Identities; readonly story: Story };

function attemptsFor(context: Context, config: HostConfig, { identities, story }: Means): Attempt[] {
  const { user: username, methods } = config;
  const nextPassword = passwordsFor(context, config);
  // One key an attempt: after one that was a first step, ssh2 would go on offering the others.
  const offerKey = (key: Identity): Attempt['make'] => {
    return async () => {
      story.tried.push(key.label);
      return { type: 'agent', username, agent: new OneKeyAgent(key) };
    };
  };
  const keyboard = keyboardAttempts(context, config, {
    nextPassword,
    hear: (text) => {
      story.tried.push('keyboard-interactive');
      hearText(story, text);
    },
  });
  const password: Attempt['make'] = async () => {
    const secret = await nextPassword();
    if (secret === undefined) return undefined;
    story.tried.push('password');
    return { type: 'password', username, password: secret };
  };
  const times = <T>(attempt: T): T[] => Array.from({ length: config.passwordPrompts }, () => attempt);
  return [
    ...(methods.publickey ? identities.usable : []).map(
      (key) => ({ name: 'publickey', make: offerKey(key) }) as const,
    ),
    ...(methods.keyboard ? times({ name: 'keyboard-interactive', make: keyboard } as const) : []),
    ...(methods.password ? times({ name: 'password', make: password } as const) : []),
  ];
}
