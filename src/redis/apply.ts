import { expandRanges } from '../cluster/slots.ts';
import { type ClusterStep, noFailover, type StepOf } from '../cluster/step.ts';
import type { SlotRange } from '../cluster/view.ts';
import { type CallOptions, type RedisCommand, type RedisConnection, ReplyError } from './connection.ts';

/**
 * Does one step on the node that it names, whose connection this is. Throws ReplyError when Redis refuses it
 * and OperationError when the connection is lost. That Redis took a step does not mean that the cluster has
 * followed: observe it. `password` is for `set-password`.
 */
export async function applyClusterStep(
  step: ClusterStep,
  connection: RedisConnection,
  { password = '', ...options }: { readonly password?: string | undefined } & CallOptions = {},
): Promise<void> {
  if (step.kind === 'assign-slots') await assignSlots(step.ranges, connection, options);
  else await sendAll(commandsFor(step, password), connection, options);
}

/** Undoes `set-temporarily`; throws as `applyClusterStep`. */
export async function restoreSettings(
  { settings }: StepOf<'set-temporarily'>,
  connection: RedisConnection,
): Promise<void> {
  const commands = settings.map(({ directive, after }) => ['CONFIG', 'SET', directive, after]);
  await sendAll(commands, connection, {});
}

async function sendAll(
  commands: readonly RedisCommand[],
  { pipeline }: RedisConnection,
  options: CallOptions,
): Promise<void> {
  const replies = await pipeline(commands, options);
  const error = replies.find((reply) => reply instanceof Error);
  if (error) throw error;
}

function commandsFor(
  step: Exclude<ClusterStep, { readonly kind: 'assign-slots' }>,
  password: string,
): readonly RedisCommand[] {
  switch (step.kind) {
    case 'set-password':
      // masterauth first: from the second command on, replicas that do not have it cannot link.
      return [
        ['CONFIG', 'SET', 'masteruser', ''],
        ...['masterauth', 'requirepass'].map((name) => ['CONFIG', 'SET', name, password]),
      ];
    case 'set-user':
      return [['ACL', 'SETUSER', step.user, ...step.rules]];
    case 'remove-user':
      return [['ACL', 'DELUSER', step.user]];
    case 'set-config':
      return [['CONFIG', 'SET', step.directive, step.value]];
    case 'set-temporarily':
      return step.settings.map(({ directive, during }) => ['CONFIG', 'SET', directive, during]);
    case 'forget':
      return [['CLUSTER', 'FORGET', step.nodeId]];
    case 'set-config-epoch':
      return [['CLUSTER', 'SET-CONFIG-EPOCH', step.epoch]];
    case 'meet':
      return step.peers.map(({ address, port, busPort }) => ['CLUSTER', 'MEET', address, port, busPort]);
    case 'replicate':
      return [['CLUSTER', 'REPLICATE', step.masterNodeId]];
    case 'allow-election':
      return [['CONFIG', 'SET', noFailover, 'no']];
    case 'failover':
      return [['CLUSTER', 'FAILOVER', ...(step.mode === 'graceful' ? [] : [step.mode.toUpperCase()])]];
  }
}

/** ADDSLOTSRANGE came with 7.0; 6.2 says that it does not know the subcommand. */
async function assignSlots(
  ranges: readonly SlotRange[],
  { call }: RedisConnection,
  options: CallOptions,
): Promise<void> {
  try {
    await call(['CLUSTER', 'ADDSLOTSRANGE', ...ranges.flat()], options);
  } catch (error) {
    if (!(error instanceof ReplyError) || !/unknown subcommand/i.test(error.message)) throw error;
    await call(['CLUSTER', 'ADDSLOTS', ...expandRanges(ranges)], options);
  }
}
