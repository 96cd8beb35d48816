import { askSecret, inTurn, noticeOnce } from '../ask.ts';
import type { Context } from '../ask.ts';
import type { Asked } from './askpass-relay.ts';
import type { HostConfig } from '../settings/config.ts';
import { passwordsFor } from '../login/passwords.ts';

/**
 * Answers the questions of one ssh program as the ssh2 transport answers its own: a passphrase once a run, a
 * password from its source, everything else from the operator.
 */
export function answersFor(
  context: Context,
  config: HostConfig,
): (asked: Asked) => Promise<string | undefined> {
  const nextPassword = passwordsFor(context, config);
  const attempts = new Map<string, number>();
  return async ({ question, kind }) => {
    if (kind === 'tell') {
      noticeOnce(context, config.host, question.trim());
      return undefined;
    }
    const path = /passphrase for key '(.*)':/.exec(question)?.[1];
    if (path !== undefined) {
      const attempt = (attempts.get(path) ?? 0) + 1;
      attempts.set(path, attempt);
      const source = config.settings.passphrase;
      const purpose = source === undefined ? `passphrase of ${path}` : `passphrase ${JSON.stringify(source)}`;
      return await askSecret(context, { purpose, question: `Passphrase of ${path}: `, source, attempt });
    }
    if (/password: *$/i.test(question)) return await nextPassword();
    const secret = kind === 'ask' && !/\(yes\/no/.test(question);
    return await inTurn(context.pool, async () => await context.prompter.ask(question, { secret }));
  };
}
