import { unlink } from 'node:fs/promises';
import { OperationError } from '../../base/errors.ts';
import { keepSecret, newSecret } from '../../inventory/keep-secret.ts';
import type { Secrets } from '../../inventory/inventory.ts';
import { withSecrets } from '../../session/connect.ts';
import { readConfigurations } from '../../session/secrets/configurations.ts';
import { holds, missingSecrets, refuseUnknownSecrets } from '../../session/secrets/unknown.ts';
import type { MissingSecret } from '../../session/secrets/unknown.ts';
import type { Session } from '../../session/session.ts';

/**
 * Secrets that this run makes, because no host has any: kept in files right before the first host gets them.
 */
export type Invention = {
  /** Has them; its connections are its own. */
  readonly session: Session;
  /** Throws RefusedError when a host was configured meanwhile; to be called under the lock. */
  readonly demandUnused: () => Promise<void>;
  /** Writes the files, once. Throws OperationError when another command has written one meanwhile. */
  readonly keep: () => Promise<void>;
  /** After a failure: removes the files again, unless a host may have got what is in them. */
  readonly discard: () => Promise<void>;
};

/** Makes the secrets that `generate:` asks for and that are not there yet. Changes nothing by itself. */
export function inventSecrets(session: Session): Invention {
  const missing = missingSecrets(session.inventory, session.secrets);
  const made = new Map(missing.map(({ which }) => [which, newSecret()]));
  const secrets: Secrets = { ...session.secrets, ...Object.fromEntries(made) };
  const written: MissingSecret[] = [];
  return {
    session: missing.length === 0 ? session : withSecrets(session, secrets),
    demandUnused: () => refuseUnknownSecrets(session),
    keep: async () => {
      for (const secret of missing.filter((each) => !written.includes(each))) {
        const kept = await keepSecret(secret.file, made.get(secret.which) ?? '');
        if (kept === 'another') throw writtenMeanwhile(secret);
        written.push(secret);
      }
    },
    discard: () => discard(session, written),
  };
}

function writtenMeanwhile({ file }: MissingSecret): OperationError {
  return new OperationError(`${file} was written by another command meanwhile`, {
    hints: ['Run the same command again: it uses the secret that is there.'],
  });
}

/** A host that cannot be read may have it: then the file stays. */
async function discard(session: Session, written: readonly MissingSecret[]): Promise<void> {
  if (written.length === 0) return;
  const { found, unread } = await readConfigurations(session);
  if (unread.size > 0) return;
  const configurations = [...found.values()].flat();
  for (const secret of written) {
    if (!configurations.some((each) => holds(each, secret))) await unlink(secret.file);
  }
}
