import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { OperationError } from '../../base/errors.ts';
import { frameScript } from './frame.ts';
import { lossOf } from '../link.ts';
import type { Channel, Link } from '../link.ts';
import { openUnlessStopped, stopper } from './stopper.ts';
import type { Runner } from './stopper.ts';
import { withoutDebug } from '../openssh/mux.ts';
import { readOutput } from './output.ts';
import type { Output } from './output.ts';
import type { RunRequest, RunResult } from '../shell.ts';

const defaultTimeoutMs = 60_000;
const sliceBytes = 65_536;

/**
 * Runs one script over a link; the contract is `Shell.run`'s. `prefix` goes first on stdin: the stage that
 * becomes root, and its password.
 */
export async function runScript(runner: Runner, request: RunRequest, prefix: Buffer): Promise<RunResult> {
  const { link } = runner;
  if (request.script.includes('\0')) throw new TypeError('a script cannot hold a NUL');
  const timeoutMs = request.timeoutMs ?? defaultTimeoutMs;
  const stop = stopper(link, { doing: 'a script', timeoutMs, signal: request.signal });
  try {
    const channel = await openUnlessStopped(runner, stop.stopped);
    try {
      return await converse(link, channel, { request, prefix, timeoutMs, stopped: stop.stopped });
    } finally {
      channel.destroy();
    }
  } finally {
    stop.dispose();
  }
}

type Conversation = {
  readonly request: RunRequest;
  readonly prefix: Buffer;
  readonly timeoutMs: number;
  readonly stopped: Promise<never>;
};

async function converse(link: Link, channel: Channel, talk: Conversation): Promise<RunResult> {
  const data = Buffer.from(talk.request.stdin ?? '');
  const frame = frameScript(talk.request.script, data.length, talk.timeoutMs);
  const stdout = readOutput(channel.stdout, { marker: frame.marker, host: link.host }, talk.request.onLine);
  const stderr = readOutput(channel.stderr, { marker: frame.marker, host: link.host });
  const giveUp = new AbortController();
  // What went wrong while writing shows in what can be read.
  pipeline(Readable.from(slices([talk.prefix, frame.head, data, frame.trailer])), channel.stdin, {
    end: false,
    signal: giveUp.signal,
  }).catch(() => undefined);
  try {
    const both = Promise.all([stdout.done, stderr.done]);
    const full = Promise.race([stdout.full, stderr.full]).then((error) => Promise.reject(error));
    await Promise.race([both, full, talk.stopped]);
  } finally {
    giveUp.abort();
  }
  return await result(link, stdout, stderr);
}

function* slices(buffers: readonly Buffer[]): Generator<Buffer> {
  for (const buffer of buffers) {
    for (let at = 0; at < buffer.length; at += sliceBytes) yield buffer.subarray(at, at + sliceBytes);
  }
}

async function result(link: Link, stdout: Output, stderr: Output): Promise<RunResult> {
  const [out, err] = [stdout.state(), stderr.state()];
  if (out.code !== undefined && err.code !== undefined) {
    return { code: out.code, stdout: out.payload.toString(), stderr: err.payload.toString() };
  }
  const { host } = link;
  const lost = await lossOf(link);
  if (lost) throw lost;
  if (out.begun) throw new OperationError(`a script was killed on ${host} before its end`, { host });
  const said = (withoutDebug(err.noise) || out.noise.trim()).slice(0, 500);
  throw new OperationError(`${host} did not run a script${said === '' ? '' : `; it said: ${said}`}`, {
    host,
    hints: [
      // The login's own sentence is the cause: an expired password, an account or a host that lets nobody in.
      ...(said === '' ? [] : [`Do what it says, or log in to ${host} once by hand to see why.`]),
      "Give the SSH user a login shell that runs commands, and no ForceCommand in the host's sshd_config.",
    ],
  });
}
