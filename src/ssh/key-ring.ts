import ssh2 from 'ssh2';
import type { IdentityCallback, SignCallback, SigningRequestOptions } from 'ssh2';
import type { Identity } from './identities.ts';

/**
 * Hands keys to ssh2 as an agent would: it offers each public key, and asks for a signature only when the server
 * takes that key. So a locked key file is only opened when it is of use.
 */
export class KeyRing extends ssh2.BaseAgent<Buffer> {
  readonly #identities: readonly Identity[];

  constructor(identities: readonly Identity[]) {
    super();
    this.#identities = identities;
  }

  override getIdentities(callback: IdentityCallback<Buffer>): void {
    callback(
      undefined,
      this.#identities.map((identity) => identity.blob),
    );
  }

  override sign(
    key: Buffer | { getPublicSSH(): Buffer },
    data: Buffer,
    options: SigningRequestOptions | SignCallback,
    callback?: SignCallback,
  ): void {
    const done = typeof options === 'function' ? options : callback;
    const hash = typeof options === 'function' ? undefined : options.hash;
    const blob = Buffer.isBuffer(key) ? key : key.getPublicSSH();
    const identity = this.#identities.find((each) => each.blob.equals(blob));
    if (identity === undefined) return done?.(new Error('no such key'));
    identity.sign(data, hash).then(
      (signature) => done?.(undefined, signature),
      (error: Error) => done?.(error),
    );
  }
}
