import type { Duplex } from 'node:stream';

const periods = 3;

/**
 * Calls `onSilence` when nothing has come in for `limitMs` (and at most a third more). Any byte is a sign of
 * life, so a slow upload does not make a host look dead; the keepalives that are sent every third of the
 * limit make a living server say something. Ticks are counted, not time: a laptop that slept does not lose
 * its connections for that.
 */
export function watchSilence(sock: Duplex, limitMs: number, onSilence: () => void): void {
  let silent = 0;
  const timer = setInterval(
    () => {
      silent += 1;
      if (silent > periods) onSilence();
    },
    Math.ceil(limitMs / periods),
  ).unref();
  sock.on('data', () => (silent = 0));
  sock.once('close', () => clearInterval(timer));
}
