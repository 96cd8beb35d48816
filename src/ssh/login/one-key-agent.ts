import ssh2 from 'ssh2';
import type { IdentityCallback, ParsedKey, SignCallback, SigningRequestOptions } from 'ssh2';
import type { Identity } from './identities.ts';

type SignArguments = [
  key: string | Buffer | ParsedKey,
  data: Buffer,
  options: SigningRequestOptions | SignCallback,
  done?: SignCallback | undefined,
];

/**
 * Hands a key to ssh2 as an agent would: it offers the public key, and asks for a signature only when the
 * server takes it. So a locked key file is only opened when it is of use.
 */
export class OneKeyAgent extends ssh2.BaseAgent {
  readonly #identity: Identity;

  constructor(identity: Identity) {
    super();
    this.#identity = identity;
  }

  override getIdentities(callback: IdentityCallback): void {
    callback(undefined, [this.#identity.blob]);
  }

  override sign(...[, data, options, done]: SignArguments): void {
    const callback = typeof options === 'function' ? options : done;
    const hash = typeof options === 'function' ? undefined : options.hash;
    this.#identity.sign(data, hash).then(
      (signature) => callback?.(undefined, signature),
      (error: Error) => callback?.(error),
    );
  }
}
