import type { CommandSpec, Parameter } from './command.ts';

const moving: readonly Parameter[] = [
  ['--max-lag <size>', 'how far a replica may be behind, in bytes or as 64kb, 10mb (default: 10mb)'],
  ['--probe', 'write numbered keys meanwhile and read them back'],
  ['--probe-rate <n>', "the probe's writes a second (default: 1000); implies --probe"],
];
export const confirm: Parameter = ['--confirm <name>', 'confirm with this name without a terminal'];

/** The commands that move masters, restart nodes and rehearse failures, and the log of all of them. */
export const failoverCommands: readonly CommandSpec[] = [
  {
    name: 'failover',
    category: 'Move masters',
    summary: 'move masters to their replicas without losing a write, and prove it; or replace a dead master',
    arguments: [
      [
        '[target]',
        'a node, the number of a shard, or a host; asked for on a terminal',
        ['NODE', 'SHARD', 'HOST'],
      ],
    ],
    options: [
      ...moving,
      [
        '--to <node>',
        'instead of a target: the node that is to be the master of its shard, if it is not yet',
        ['NODE'],
      ],
      ['--force', "the master is gone: the replica takes over with the other masters' votes"],
      ['--takeover', 'no majority is left: the replica takes over without votes'],
      confirm,
    ],
    examples: [
      'weedgo-redis failover redis1:7000 --probe',
      'weedgo-redis failover 2',
      'weedgo-redis failover --to redis2:7004',
      'weedgo-redis failover redis1:7000 --force',
    ],
    load: () => import('./commands/failover.ts'),
  },
  {
    name: 'drain',
    category: 'Move masters',
    summary: 'move every master off a host before maintenance, until undrain',
    arguments: [['<host>', 'name of the host in the inventory', ['HOST']]],
    options: moving,
    examples: ['weedgo-redis drain redis1', 'weedgo-redis drain redis1 --probe'],
    load: () => import('./commands/drain.ts'),
  },
  {
    name: 'undrain',
    category: 'Move masters',
    summary: 'wait until a drained host is in sync and give it its masters back',
    arguments: [['<host>', 'name of the host in the inventory', ['HOST']]],
    options: moving,
    examples: ['weedgo-redis undrain redis1'],
    load: () => import('./commands/undrain.ts'),
  },
  {
    name: 'balance-masters',
    category: 'Move masters',
    summary: 'give the masters back to where the inventory prefers them',
    options: moving,
    examples: ['weedgo-redis balance-masters', 'weedgo-redis balance-masters --max-lag 1mb'],
    load: () => import('./commands/balance-masters.ts'),
  },
  {
    name: 'restart',
    category: 'Move masters',
    summary: 'restart nodes one at a time, masters after a failover; resumes after an interruption',
    arguments: [
      ['<target>', 'a node, the number of a shard, a host, or "all"', ['NODE', 'SHARD', 'HOST', 'all']],
    ],
    options: [...moving, ['--fresh', 'forget an unfinished restart and begin again']],
    examples: [
      'weedgo-redis restart redis1:7000',
      'weedgo-redis restart redis1',
      'weedgo-redis --yes restart all',
    ],
    load: () => import('./commands/restart.ts'),
  },
  {
    name: 'resync',
    category: 'Change',
    summary: "set a damaged node's files aside and copy its data from its master again",
    arguments: [['<node>', 'a node of the inventory that does not start', ['NODE']]],
    examples: ['weedgo-redis resync redis2:7004'],
    load: () => import('./commands/resync.ts'),
  },
  {
    name: 'drill',
    category: 'Move masters',
    summary: 'rehearse the death of a master, measure the recovery and keep a record',
    arguments: [['[target]', 'the number of a shard, or a node of it (default: 1)', ['NODE', 'SHARD']]],
    options: [
      ['--how <how>', 'kill (default): SIGKILL; stop: an orderly stop', ['kill', 'stop']],
      ['--i-know', 'also on a production inventory'],
      ['--probe-rate <n>', "the probe's writes a second (default: 1000)"],
      confirm,
    ],
    examples: ['weedgo-redis drill', 'weedgo-redis drill 2 --how stop --confirm my-cluster'],
    load: () => import('./commands/drill.ts'),
  },
  {
    name: 'history',
    category: 'Observe',
    summary: 'show who did what to the cluster, from the audit logs of its hosts',
    options: [['--limit <n>', 'how many commands, the newest (default: 20)']],
    examples: ['weedgo-redis history', 'weedgo-redis --json history --limit 200'],
    load: () => import('./commands/history.ts'),
  },
];
