import { Duplex } from 'node:stream';
import type { Readable, Writable } from 'node:stream';

/**
 * One stream of two, with their backpressure. Destroying it destroys both and is no error, as for a socket
 * (`Duplex.from` makes one of it). `onClose` lets go of what is behind them.
 */
export function joinStreams(readable: Readable, writable: Writable, onClose: () => void): Duplex {
  const joined = new Duplex({
    read: () => void readable.resume(),
    write: (chunk, _encoding, done) => void writable.write(chunk, done),
    final: (done) => void writable.end(done),
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
