import { execFile } from 'node:child_process';
import { access } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { Context } from './ask.ts';
import { noticeOnce } from './ask.ts';
import type { HostConfig } from './settings/config.ts';
import { ConnectError } from './connect-error.ts';
import { readHostKeys } from './host-keys/host-key.ts';
import { hostKeyName } from './host-keys/errors.ts';
import { cachedKey } from './login/identities.ts';
import { findAuthority } from './host-keys/known-hosts.ts';
import type { Transport } from './open-server.ts';
import type { Route } from './route.ts';
import { offerTo } from './ssh2/algorithms.ts';

export type Choice = { readonly transport: Transport; readonly reason: string };

const run = promisify(execFile);

/**
 * Takes the transport that the inventory asks for; else ssh2, unless something on the route needs what only
 * OpenSSH has. What is configured and ssh2 does not honour is told, not ignored.
 */
export async function chooseTransport(context: Context, { jumps, server }: Route): Promise<Choice> {
  const route = [...jumps, server];
  const asked = server.settings.transport ?? 'auto';
  if (asked === 'openssh') {
    if (server.client) return { transport: 'openssh', reason: 'ssh.transport says so' };
    throw new ConnectError('config', 'ssh.transport is openssh, and there is no OpenSSH client here', {
      host: server.host,
      hints: ['install it (openssh-client, openssh-clients), or set ssh.transport to auto'],
    });
  }
  const needs = (await Promise.all(route.map(async (config) => await openSshNeeds(context, config)))).flat();
  if (asked === 'auto' && needs[0] !== undefined && server.client)
    return { transport: 'openssh', reason: needs[0] };
  if (route.some((config) => config.proxyCommand !== undefined)) {
    throw new ConnectError(
      'config',
      `ProxyCommand is set for ${server.host}, and the ssh2 transport has none`,
      {
        host: server.host,
        hints: ['set ssh.transport to openssh or auto, or use ProxyJump'],
      },
    );
  }
  for (const ignored of new Set([...needs, ...route.flatMap((config) => config.foreign)])) {
    noticeOnce(context, server.host, `not honoured by the ssh2 transport: ${ignored}`);
  }
  return { transport: 'ssh2', reason: asked === 'ssh2' ? 'ssh.transport says so' : 'nothing needs OpenSSH' };
}

/** What only OpenSSH can do and the configuration of a server calls for. */
async function openSshNeeds(context: Context, config: HostConfig): Promise<string[]> {
  const { entries } = await readHostKeys(config, context.pool.accepted);
  const authority = findAuthority(entries, hostKeyName(config));
  const offered = offerTo(config, []);
  return [
    ...(config.proxyCommand === undefined ? [] : ['ProxyCommand']),
    ...config.certificateFiles.map((path) => `the certificate ${path}`),
    ...(authority === undefined ? [] : [`@cert-authority at ${authority.file}:${authority.line}`]),
    ...('missing' in offered ? [`${offered.missing} algorithms that ssh2 lacks`] : []),
    ...config.needsOpenSsh,
    ...(await Promise.all(config.identityFiles.map(async (path) => await keyNeeds(context, path)))).flat(),
    ...(config.identitiesOnly ? [] : await agentNeeds(context, config.agent)),
  ];
}

async function keyNeeds(context: Context, path: string): Promise<string[]> {
  const key = await cachedKey(context, path);
  const certificate = `${path}-cert.pub`;
  const certified = await access(certificate).then(
    () => true,
    () => false,
  );
  if (certified) return [`the certificate ${certificate}`];
  if ('problem' in key) return key.openSshOnly === true ? [`the key ${path}: ${key.problem}`] : [];
  return key.type?.startsWith('sk-') === true ? [`the security key ${path}`] : [];
}

/** Certificates and security keys in the agent, which ssh2 passes over. */
async function agentNeeds(context: Context, socket: string | undefined): Promise<string[]> {
  if (socket === undefined) return [];
  const { agentKeys } = context.pool;
  const listing =
    agentKeys.get(socket) ??
    run('ssh-add', ['-L'], { env: { ...process.env, SSH_AUTH_SOCK: socket } }).then(
      ({ stdout }) => stdout,
      () => '',
    );
  agentKeys.set(socket, listing);
  const types = (await listing).split('\n').map((line) => line.split(' ')[0] ?? '');
  return types.filter((type) => /^sk-|-cert-/.test(type)).map((type) => `a key of type ${type} in the agent`);
}
