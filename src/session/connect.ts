import { setMaxListeners } from 'node:events';
import { resolveSecret, resolveSecrets } from '../inventory/secrets.ts';
import { ownershipOf } from '../host/socket-owner.ts';
import type { Host, Inventory, Secrets } from '../inventory/inventory.ts';
import type { SecretSource } from '../inventory/schema.ts';
import { connectNode } from '../redis/connect.ts';
import { isFailure, type RedisConnection, type RedisFailure, type Vouch } from '../redis/connection.ts';
import { layoutOf } from '../render/layout.ts';
import { pause } from '../base/wait.ts';
import { localShell } from '../ssh/local.ts';
import type { Shell } from '../ssh/shell.ts';
import type { ConnectOptions } from '../ssh/options.ts';
import type { Emit } from './events.ts';
import { refuseUnknownSecrets } from './secrets/unknown.ts';
import type { Prompter, Session } from './session.ts';

export type SessionRequest = {
  readonly inventory: Inventory;
  /** Names of the hosts to connect; default all. */
  readonly hosts?: readonly string[] | undefined;
  /**
   * `demand` (the default): refuse where the file of a generated secret is missing although the hosts have
   * the secret. `optional`: work without it. `none`: read no secret at all.
   */
  readonly secrets?: 'demand' | 'optional' | 'none';
  /** `try`: connect even without root; a run that needs root then throws the reason. Default `require`. */
  readonly privilege?: 'require' | 'try';
  readonly emit: Emit;
  readonly signal: AbortSignal;
  readonly prompter: Prompter;
};

/**
 * Resolves the secrets and connects the hosts, all in parallel. Hosts that cannot be connected are in
 * `session.unreachable`; whether that is fatal is the operation's to say.
 * Throws UsageError when a secret is missing, RefusedError when it is one that was generated elsewhere.
 */
export async function openSession(request: SessionRequest): Promise<Session> {
  const { inventory, emit, signal, prompter } = request;
  // Every host that is waited for listens: ten are no leak, and Node would warn of one.
  setMaxListeners(0, signal);
  const { secrets: need = 'demand' } = request;
  const secrets =
    need === 'none'
      ? { password: undefined, application: undefined }
      : await resolveSecrets(inventory, prompter.show);
  const { shells, unreachable } = await connectAll(request);
  const hosts = { inventory, emit, signal, shells, unreachable };
  const session = sessionOver(hosts, secrets);
  const close = async (): Promise<void> => {
    await session.close();
    await Promise.all([...shells.values()].map((shell) => shell.close()));
  };
  try {
    if (need === 'demand') await refuseUnknownSecrets(session);
  } catch (error) {
    await close();
    throw error;
  }
  return { ...session, close };
}

/** The same hosts with other secrets; closing it closes its own connections to nodes, not those to hosts. */
export const withSecrets = (session: Session, secrets: Secrets): Session => sessionOver(session, secrets);

type ConnectedHosts = Pick<Session, 'inventory' | 'emit' | 'signal' | 'shells' | 'unreachable'>;

function sessionOver(
  { inventory, emit, signal, shells, unreachable }: ConnectedHosts,
  secrets: Secrets,
): Session {
  const owners = new Map(
    [...shells].map(([name, shell]) => [name, ownerQuestion(inventory, shell)] as const),
  );
  const connect: Session['connect'] = async (node, options) => {
    const shell = shells.get(node.host);
    const vouch = owners.get(node.host);
    if (shell && vouch)
      return whileFull(
        () => connectNode(shell, node, { password: secrets.password, vouch, ...options }),
        signal,
      );
    const reason = unreachable.get(node.host)?.message ?? 'its host is not connected';
    return { node, failure: 'host', reason };
  };
  const shared = sharedConnections(connect);
  return {
    inventory,
    secrets,
    emit,
    signal,
    shells,
    unreachable,
    connect,
    redis: shared.redis,
    close: shared.close,
  };
}

/** Connections come and go: a node that accepts no more is tried for some seconds. */
async function whileFull(
  connect: () => Promise<RedisConnection | RedisFailure>,
  signal: AbortSignal,
): Promise<RedisConnection | RedisFailure> {
  const until = performance.now() + slotSeconds * 1000;
  for (;;) {
    const connected = await connect();
    const isFull = isFailure(connected) && connected.failure === 'full';
    if (!isFull || performance.now() > until || signal.aborted) return connected;
    await pause(slotPauseMs, signal).catch(() => undefined);
  }
}

const slotSeconds = 3;
const slotPauseMs = 50;

/** One connection a node, made on first use and made again when it was lost. */
function sharedConnections(connect: Session['connect']): Pick<Session, 'redis' | 'close'> {
  const connections = new Map<string, Promise<RedisConnection | RedisFailure>>();
  return {
    redis: async (node) => {
      // What is there is looked at before anything is awaited: two that ask at once share one connection.
      for (let pending = connections.get(node.id); pending;) {
        const known = await pending;
        if (!isFailure(known) && !known.closed()) return known;
        const newer = connections.get(node.id);
        if (newer === pending) break;
        pending = newer;
      }
      const made = connect(node);
      connections.set(node.id, made);
      return made;
    },
    close: async () => {
      for (const connection of await Promise.all(connections.values())) {
        if (!isFailure(connection)) connection.close();
      }
    },
  };
}

/** Nodes run as the layout's service user; on this machine as the user who runs the tool. */
function ownerQuestion(inventory: Inventory, shell: Shell): Vouch {
  const host = inventory.hosts.find(({ name }) => name === shell.host);
  return ownershipOf(shell, host && layoutOf(inventory, host).serviceUser);
}

async function connectAll({
  inventory,
  hosts = inventory.hosts.map(({ name }) => name),
  emit,
  signal,
  prompter,
  privilege = 'require',
}: SessionRequest) {
  const resolve = (source: SecretSource): Promise<string> =>
    resolveSecret(source, { inventory, path: ['ssh'], show: prompter.show });
  const wanted = inventory.hosts.filter(({ name }) => hosts.includes(name));
  const remote = wanted.filter((host) => host.connection === 'ssh');
  const connected = await connectOver(remote, {
    resolveSecret: resolve,
    becomePassword: inventory.becomePassword,
    prompter,
    privilege,
    signal,
    notify: (host, message) => emit({ type: 'warning', host, message }),
  });
  const local = wanted.filter((host) => host.connection === 'local');
  return {
    unreachable: connected.unreachable,
    shells: new Map([...connected.shells, ...local.map(({ name }) => [name, localShell(name)] as const)]),
  };
}

/** A command that stays on this machine does not wait for the SSH client to load. */
async function connectOver(
  hosts: readonly Host[],
  options: ConnectOptions,
): Promise<Pick<Session, 'shells' | 'unreachable'>> {
  if (hosts.length === 0) return { shells: new Map(), unreachable: new Map() };
  const { connectHosts } = await import('../ssh/connect.ts');
  return connectHosts(hosts.map(sshTarget), options);
}

const sshTarget = ({ name, address, ssh, become }: Host) => ({ name, address, ssh, become });
