import { chmod, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { join } from 'node:path';
import { shQuote } from '../../base/sh.ts';

/**
 * A question of the ssh program. `tell` wants no answer: ssh only says that a security key is to be touched.
 */
export type Asked = { readonly question: string; readonly kind: 'ask' | 'confirm' | 'tell' };

/** Sends its question to the socket and prints the answer; without one it fails, which ssh takes for a no. */
const client = `
import { connect } from 'node:net';
const [socket, question] = process.argv.slice(2);
const kind = process.env.SSH_ASKPASS_PROMPT;
const server = connect({ path: socket, allowHalfOpen: true });
server.end(JSON.stringify({ question, kind: kind === 'none' ? 'tell' : kind === 'confirm' ? 'confirm' : 'ask' }));
let reply = '';
server.on('data', (chunk) => (reply += chunk)).on('end', () => {
  if (reply === '') process.exit(1);
  process.stdout.write(JSON.parse(reply) + '\\n');
});
`;

export type Relay = {
  /** What ssh has to be started with, so that its questions come here and not to the terminal. */
  readonly environment: Readonly<Record<string, string>>;
  readonly close: () => void;
};

/** Answers the questions of ssh programs started from here. `directory` is private to us (mode 0700). */
export async function askpassRelay(
  directory: string,
  answer: (asked: Asked) => Promise<string | undefined>,
): Promise<Relay> {
  const program = join(directory, 'ask.mjs');
  const socket = join(directory, 'ask');
  const helper = join(directory, 'askpass');
  await writeFile(program, client, { mode: 0o600 });
  const words = [process.execPath, program, socket].map(shQuote).join(' ');
  await writeFile(helper, `#!/bin/sh\nexec ${words} "$1"\n`, { mode: 0o700 });
  await chmod(helper, 0o700);
  const server = createServer({ allowHalfOpen: true }, (peer) => serve(peer, answer));
  await listen(server, socket);
  return {
    // Without SSH_ASKPASS_REQUIRE (before OpenSSH 8.4) ssh wants a DISPLAY and no terminal.
    environment: {
      SSH_ASKPASS: helper,
      SSH_ASKPASS_REQUIRE: 'force',
      DISPLAY: process.env['DISPLAY'] ?? ':0',
    },
    close: () => void server.close(),
  };
}

async function listen(server: Server, socket: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(socket, resolve);
  });
}

/** A question holds what the server sent in one packet of at most 256 kB. */
const longestQuestion = 1024 * 1024;

function serve(peer: Socket, answer: (asked: Asked) => Promise<string | undefined>): void {
  let text = '';
  peer.on('error', () => peer.destroy());
  peer.on('data', (chunk: Buffer) => {
    text += chunk.toString();
    if (text.length > longestQuestion) peer.destroy();
  });
  peer.once('end', () => {
    Promise.resolve(text)
      .then((whole) => answer(asked(whole)))
      .then(
        (reply) => peer.end(reply === undefined ? '' : JSON.stringify(reply)),
        () => peer.destroy(),
      );
  });
}

function asked(text: string): Asked {
  const parsed: unknown = JSON.parse(text);
  if (!isAsked(parsed)) throw new TypeError('not a question');
  return parsed;
}

function isAsked(value: unknown): value is Asked {
  return (
    typeof value === 'object' && value !== null && 'question' in value && typeof value.question === 'string'
  );
}
