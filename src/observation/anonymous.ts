import type { Duplex } from 'node:stream';
import { once } from 'node:events';
import type { NodeProbe } from '../checks/probe.ts';
import type { Node } from '../inventory/inventory.ts';
import type { Shell } from '../ssh/shell.ts';

const timeoutMs = 3000;

/** Opens a connection of its own that gives no password, and says PING. */
export async function probeAnonymous(shell: Shell, node: Node): Promise<NodeProbe['anonymous']> {
  let stream: Duplex;
  try {
    stream = await shell.forward(node.address, node.port);
  } catch {
    // Whether and why it cannot be reached is for the node's own view to say.
    return 'unknown';
  }
  try {
    const reply = await firstLine(stream);
    if (/^-(NOAUTH|DENIED)\b/.test(reply)) return 'refused';
    return /^[+-]/.test(reply) && !/^-(LOADING|BUSY|MASTERDOWN)\b/.test(reply) ? 'answered' : 'unknown';
  } finally {
    stream.destroy();
  }
}

/** '' when nothing comes in time. */
async function firstLine(stream: Duplex): Promise<string> {
  const ended = new AbortController();
  // A reset after the answer is no news.
  stream.on('error', () => ended.abort());
  stream.once('close', () => ended.abort());
  stream.write('*1\r\n$4\r\nPING\r\n');
  try {
    const signal = AbortSignal.any([ended.signal, AbortSignal.timeout(timeoutMs)]);
    const [data]: unknown[] = await once(stream, 'data', { signal });
    return String(data);
  } catch {
    return '';
  }
}
