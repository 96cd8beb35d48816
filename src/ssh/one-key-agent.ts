import ssh2 from 'ssh2';
import type { IdentityCallback, SignCallback, SigningRequestOptions } from 'ssh2';
import type { Identity } from './identities.ts';

/**
 * Hands a key to ssh2 as an agent would: it offers the public key, and asks for a signature only when the server takes
 * it. So a locked key file is only opened when it is of use.
 */
export class OneKeyAgent extends ssh2.BaseAgent<Buffer> {
  readonly #identity: Identity;

  constructor(identity: Identity) {
    super();
    this.#identity = identity;
  }

  override getIdentities(callback: IdentityCallback<Buffer>): void {
    callback(undefined, [this.#identity.blob]);
  }

  override sign(key: Buffer, data: Buffer, options: SigningRequestOptions, done?: SignCallback): void;
  override sign(key: Buffer, data: Buffer, done: SignCallback): void;
  override sign(
    ...[, data, options, done]: [Buffer, Buffer, SigningRequestOptions | SignCallback, SignCallback?]
  ): void {
    const callback = typeof options === 'function' ? options : done;
    const hash = typeof options === 'function' ? undefined : options.hash;
    this.#identity.sign(data, hash).then(
      (signature) => callback?.(undefined, signature),
      (error: Error) => callback?.(error),
    );
  }
}
