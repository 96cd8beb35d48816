import { askSecret } from '../ask.ts';
import type { Context } from '../ask.ts';
import type { HostConfig } from '../settings/config.ts';

/**
 * The passwords to try on one server, one a call; undefined when there are no more. A source has one; a typed
 * one may be wrong as often as NumberOfPasswordPrompts says. The first that is typed is tried on every host
 * of the inventory that has the same user; it never goes to a jump host, nor a jump host's to a host.
 */
export function passwordsFor(context: Context, config: HostConfig): () => Promise<string | undefined> {
  const { user, hostname, host, jump, settings } = config;
  const most = settings.password === undefined ? config.passwordPrompts : 1;
  let attempt = 0;
  return async () => {
    attempt += 1;
    if (attempt > most) return undefined;
    const shared = attempt === 1 && !jump;
    const answer = await askSecret(context, {
      purpose: shared
        ? `password of ${user} ${JSON.stringify(settings.password)}`
        : `password of ${user}@${hostname}`,
      question: shared
        ? `SSH password of ${user} (${host} asks; used for all hosts): `
        : `SSH password of ${user}@${hostname}: `,
      source: settings.password,
      attempt,
    });
    if (answer === undefined) attempt = most;
    return answer;
  };
}
