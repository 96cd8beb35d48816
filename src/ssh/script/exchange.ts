import type { Readable } from 'node:stream';
import { newMarker, stage } from './frame.ts';
import { withoutDebug } from '../openssh/mux.ts';
import { tooMuch } from './output.ts';
import { openUnlessStopped, stopper } from './stopper.ts';
import type { Runner } from './stopper.ts';

export type Exchange = {
  /** One line of sh. */
  readonly line: string;
  /** What it reads, up to the end of its stdin. */
  readonly input: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
};

/**
 * Runs a line in the boot loop whose stdin ends right after `input`; what was printed before it is left out.
 */
export async function exchange(runner: Runner, asked: Exchange): Promise<{ stdout: string; stderr: string }> {
  const stop = stopper(runner.link, { doing: 'a probe', timeoutMs: asked.timeoutMs, signal: asked.signal });
  try {
    const channel = await openUnlessStopped(runner, stop.stopped);
    try {
      const marker = newMarker();
      const begin = `printf "%s\\n" ${marker}; printf "%s\\n" ${marker} >&2; ${asked.line}`;
      channel.stdin.end(stage(begin) + asked.input);
      const { host } = runner.link;
      const both = Promise.all([collect(channel.stdout, host), collect(channel.stderr, host)]);
      const [stdout, stderr] = await Promise.race([both, stop.stopped]);
      return { stdout: after(stdout, marker), stderr: withoutDebug(after(stderr, marker)) };
    } finally {
      channel.destroy();
    }
  } finally {
    stop.dispose();
  }
}

/** What sudo and doas say takes a few lines. */
const limitBytes = 1024 * 1024;

async function collect(stream: Readable, host: string): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  await new Promise<void>((resolve, reject) => {
    stream.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > limitBytes) reject(tooMuch(host, 'a probe', limitBytes));
    });
    stream.once('end', resolve);
    stream.once('close', resolve);
  });
  return Buffer.concat(chunks).toString();
}

function after(text: string, marker: string): string {
  const at = text.indexOf(`${marker}\n`);
  return at === -1 ? text : text.slice(at + marker.length + 1);
}
