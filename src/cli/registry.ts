import type { CommandSpec, Parameter } from './command.ts';
import { confirm, failoverCommands } from './registry-failover.ts';

/** Of what brings running nodes to what the inventory says. */
const withoutRestart: Parameter = ['--no-restart', 'restart no running node; what needs it is refused'];

/** What every command takes. */
export const globalOptions: readonly Parameter[] = [
  [
    '-i, --inventory <file>',
    'the inventory (default: $WEEDGO_REDIS_INVENTORY, ./weedgo-redis.yaml, built-in)',
    ['FILE'],
  ],
  ['--json', 'print one JSON document on stdout'],
  ['-y, --yes', 'answer yes to confirmations'],
  ['-q, --quiet', 'print results and errors only'],
  ['-v, --verbose', 'print every step'],
  ['--no-color', 'print without colours'],
];

/**
 * Every command; `--help` lists them by category, each in this order. A new command is a file in `commands/`
 * and an entry here.
 */
export const commands: readonly CommandSpec[] = [
  {
    name: 'init',
    category: 'Set up',
    summary: 'write an inventory, by questions or from --host',
    options: [
      ['--host <destination...>', 'user@address[:port] as for ssh; once for each host'],
      ['--cluster <name>', 'name of the cluster'],
      [
        '-o, --output <file>',
        'where to write it (default: weedgo-redis.yaml); never over an existing file',
        ['FILE'],
      ],
    ],
    examples: ['weedgo-redis init --host deploy@10.0.0.11 --host deploy@10.0.0.12 --host deploy@10.0.0.13'],
    load: () => import('./commands/init.ts'),
  },
  {
    name: 'render',
    category: 'Set up',
    summary: 'write every file that provision would push, contacting no host',
    arguments: [
      [
        '[what]',
        '"files" (default), or "compose": a docker-compose.yml for a standalone node',
        ['files', 'compose'],
      ],
    ],
    options: [
      ['-o, --output <dir>', 'folder to write to', ['FILE']],
      ['--show-secrets', 'write the real passwords; without it they are masked'],
    ],
    examples: [
      'weedgo-redis render -o out',
      'weedgo-redis -i inventories/standalone.yaml render compose -o .',
    ],
    load: () => import('./commands/render.ts'),
  },
  {
    name: 'check',
    category: 'Set up',
    summary: 'look at every host: connection, root, versions, ports, memory, disk, clock, firewall',
    examples: ['weedgo-redis check', 'weedgo-redis --json check'],
    load: () => import('./commands/check.ts'),
  },
  {
    name: 'plan',
    category: 'Set up',
    summary: 'show what provision would do, changing nothing',
    options: [
      ['--exit-code', 'exit 3 when there is something to do'],
      ['--diff', 'show new files in full, not only changes'],
      withoutRestart,
    ],
    examples: ['weedgo-redis plan', 'weedgo-redis plan --diff', 'weedgo-redis plan --exit-code'],
    load: () => import('./commands/plan.ts'),
  },
  {
    name: 'provision',
    category: 'Set up',
    summary: 'make the hosts and the cluster what the inventory says, and verify it',
    options: [
      [
        '--lost-shard <number>',
        'start a shard without its keys, where all its nodes have lost their data for good',
        ['SHARD'],
      ],
      withoutRestart,
      confirm,
    ],
    examples: [
      'weedgo-redis -i inventories/three-hosts.yaml provision',
      'weedgo-redis provision --lost-shard 1',
    ],
    load: () => import('./commands/provision.ts'),
  },
  {
    name: 'verify',
    category: 'Observe',
    summary: 'check everything that can be wrong with the hosts, the nodes and the cluster',
    options: [
      ['--write-test', 'write, read and remove a key of its own in every shard'],
      ['--what-if', 'show what the loss of each host and zone would do'],
      [
        '--fail-on <severity>',
        'exit 3 from this severity on: warning (default) or critical',
        ['warning', 'critical'],
      ],
      ['--settle <seconds>', 'how long to look again for what passes by itself (default: 6)'],
      ['--html <file>', 'write a page to keep or attach: complete in itself, for screen and print', ['FILE']],
      ['--junit <file>', 'write the result as JUnit XML', ['FILE']],
      ['--watch [seconds]', 'verify again every so often (default: 10) and show what changed'],
    ],
    examples: ['weedgo-redis verify --what-if', 'weedgo-redis --quiet verify --fail-on critical'],
    load: () => import('./commands/verify.ts'),
  },
  {
    name: 'status',
    category: 'Observe',
    summary: 'show nodes, replication, memory, operations and lag',
    options: [['--watch [seconds]', 'a live view, refreshed every so often (default: 1)']],
    examples: ['weedgo-redis status', 'weedgo-redis status --watch 5'],
    load: () => import('./commands/status.ts'),
  },
  ...failoverCommands,
  {
    name: 'call',
    category: 'Change',
    summary: "send a Redis command to a node or to all, with the inventory's password and guards",
    arguments: [
      ['<node>', 'a node of the inventory, or all', ['NODE', 'all']],
      ['<command...>', 'the command and its arguments'],
    ],
    options: [confirm],
    examples: ['weedgo-redis call redis1:7000 CLUSTER NODES', 'weedgo-redis call all CONFIG RESETSTAT'],
    load: () => import('./commands/call.ts'),
  },
  {
    name: 'stop',
    category: 'Change',
    summary: "stop the inventory's nodes; configuration stays, and data where it is kept on disk",
    options: [['--confirm <name>', 'the cluster, typed, where a stop loses keys']],
    examples: ['weedgo-redis stop', 'weedgo-redis --yes stop'],
    load: () => import('./commands/stop.ts'),
  },
  {
    name: 'start',
    category: 'Change',
    summary: "start the inventory's nodes again and wait until the cluster is complete",
    examples: ['weedgo-redis start'],
    load: () => import('./commands/start.ts'),
  },
  {
    name: 'destroy',
    category: 'Remove',
    summary: "stop the nodes and delete their data; asks for the cluster's name",
    options: [['--confirm <name>', "confirm with the cluster's name without a terminal"]],
    examples: ['weedgo-redis destroy', 'weedgo-redis destroy --confirm my-cluster'],
    load: () => import('./commands/destroy.ts'),
  },
  {
    name: 'recover-password',
    category: 'Set up',
    summary: "read the cluster's password on its hosts and write the inventory's password file",
    options: [
      [
        '-o, --output <file>',
        "where to write it (default: the inventory's file); never over another password",
        ['FILE'],
      ],
    ],
    examples: ['weedgo-redis recover-password', 'weedgo-redis recover-password -o secrets/redis.password'],
    load: () => import('./commands/recover-password.ts'),
  },
  {
    name: 'env',
    category: 'Set up',
    summary: "print the application's .env for this inventory",
    options: [['--show-secrets', 'print the password too']],
    examples: ['weedgo-redis env', 'weedgo-redis env --show-secrets > .env'],
    load: () => import('./commands/env.ts'),
  },
  {
    name: 'completion',
    category: 'Help',
    summary: 'print what makes a shell complete commands, options, nodes, shards and hosts',
    arguments: [
      ['<shell>', 'bash, zsh or fish', ['bash', 'zsh', 'fish']],
      ['[words...]', 'after --, the words of a command line so far: print what the last one may become'],
    ],
    examples: [
      'source <(weedgo-redis completion bash)',
      'weedgo-redis completion fish > ~/.config/fish/completions/weedgo-redis.fish',
    ],
    load: () => import('./commands/completion.ts'),
  },
];
