import { Duplex } from 'node:stream';
import type { Readable, Writable } from 'node:stream';

/**
 * One stream of two, with their backpressure, that ends as a socket does: by itself when the other side ends,
 * and without an error when it is destroyed (`Duplex.from` does neither). `onClose` lets go of what is behind
 * them.
 */
export function joinStreams(readable: Readable, writable: Writable, onClose: () => void): Duplex {
  const joined = new Duplex({
    allowHalfOpen: false,
    read: () => void readable.resume(),
    write: (chunk, _encoding, done) => void writable.write(chunk, done),
    final(done) {
      if (writable.writableEnded || writable.destroyed) done();
      else writable.end(() => done());
    },
    destroy(error, done) {
      readable.destroy();
      writable.destroy();
      onClose();
      done(error);
    },
  });
  readable.on('data', (chunk: Buffer) => {
    if (!joined.push(chunk)) readable.pause();
  });
  readable.once('end', () => joined.push(null));
  readable.once('close', () => {
    if (!readable.readableEnded) joined.destroy();
  });
  readable.on('error', (error) => joined.destroy(error));
  writable.on('error', (error) => joined.destroy(error));
  return joined;
}
