import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import { afterEach, describe, expect, it } from 'vitest';
import { connectHost } from '../../../src/ssh/connect.ts';
import { makeKey, scratch, targetOf, unattended } from '../../support/sshd.ts';

const directory = scratch('account');
const hostKey = makeKey(join(directory, 'host'), { type: 'ed25519' });
const running: { close: () => void }[] = [];
afterEach(() => running.splice(0).forEach((server) => server.close()));

type Judge = (method: ssh2.AuthContext, client: ssh2.Connection) => void;

/** An SSH server that knows the user and turns them away. */
async function turningAway(judge: Judge, banner?: string) {
  const settings = { hostKeys: [readFileSync(hostKey)], ...(banner !== undefined && { banner }) };
  const server = new ssh2.Server(settings, (client) => {
    client.on('error', () => undefined).on('authentication', (context) => judge(context, client));
  });
  running.push(server);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const knownHosts = join(directory, `known_hosts-${port}`);
  const line = `[127.0.0.1]:${port} ${readFileSync(`${hostKey}.pub`, 'utf8')}`;
  writeFileSync(knownHosts, line);
  return { name: 'redis1', port, knownHosts };
}

const sentence = 'System is booting up. Unprivileged users are not permitted to log in yet.';

describe.each(['ssh2', 'openssh'] as const)("the server's own sentence, over %s", (transport) => {
  it('is in the error when it closes the connection after the login was accepted', async () => {
    const server = await turningAway((context, client) => {
      if (context.method === 'none') context.reject(['publickey']);
      else client.end();
    }, sentence);
    const error: unknown = await connectHost(
      targetOf(server, { transport, user: 'deploy' }),
      unattended(),
    ).catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      message: expect.stringMatching(/refused to log in deploy.*System is booting up/s),
      hints: expect.arrayContaining([expect.stringContaining('chage -l deploy')]),
    });
  });
});
