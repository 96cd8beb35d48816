import type { CommandSpec } from './command.ts';
import { failoverCommands } from './registry-failover.ts';

/**
 * Every command, in the order `--help` lists them. A new command is a file in `commands/` and an entry here.
 */
export const commands: readonly CommandSpec[] = [
  {
    name: 'init',
    summary: 'write an inventory, by questions or from --host',
    options: [
      ['--host <destination...>', 'user@address[:port] as for ssh; once for each host'],
      ['--cluster <name>', 'name of the cluster'],
      ['-o, --output <file>', 'where to write it (default: weedgo-redis.yaml); never over an existing file'],
    ],
    examples: ['weedgo-redis init --host deploy@10.0.0.11 --host deploy@10.0.0.12 --host deploy@10.0.0.13'],
    load: () => import('./commands/init.ts'),
  },
  {
    name: 'render',
    summary: 'write every file that provision would push, contacting no host',
    arguments: [['[what]', '"files" (default), or "compose": a docker-compose.yml for a standalone node']],
    options: [
      ['-o, --output <dir>', 'folder to write to'],
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
    summary: 'look at every host: connection, root, versions, ports, memory, disk, clock, firewall',
    load: () => import('./commands/check.ts'),
  },
  {
    name: 'plan',
    summary: 'show what provision would do, changing nothing',
    options: [
      ['--exit-code', 'exit 3 when there is something to do'],
      ['--diff', 'show new files in full, not only changes'],
    ],
    examples: ['weedgo-redis plan', 'weedgo-redis plan --diff', 'weedgo-redis plan --exit-code'],
    load: () => import('./commands/plan.ts'),
  },
  {
    name: 'provision',
    summary: 'make the hosts and the cluster what the inventory says, and verify it',
    options: [
      [
        '--lost-shard <number>',
        'start a shard without its keys, where all its nodes have lost their data for good',
      ],
      ['--confirm <name>', 'confirm with this name when there is no terminal'],
    ],
    examples: [
      'weedgo-redis -i inventories/three-hosts.yaml provision',
      'weedgo-redis provision --lost-shard 1',
    ],
    load: () => import('./commands/provision.ts'),
  },
  {
    name: 'verify',
    summary: 'check everything that can be wrong with the hosts, the nodes and the cluster',
    options: [
      ['--write-test', 'write, read and remove a key of its own in every shard'],
      ['--what-if', 'show what the loss of each host and zone would do'],
      ['--fail-on <severity>', 'exit 3 from this severity on: warning (default) or critical'],
      ['--settle <seconds>', 'how long to look again for what passes by itself (default: 6)'],
      ['--html <file>', 'write a page to keep or attach: complete in itself, for screen and print'],
      ['--junit <file>', 'write the result as JUnit XML'],
      ['--watch [seconds]', 'verify again every so often (default: 10) and show what changed'],
    ],
    examples: ['weedgo-redis verify --what-if', 'weedgo-redis --quiet verify --fail-on critical'],
    load: () => import('./commands/verify.ts'),
  },
  {
    name: 'status',
    summary: 'show nodes, replication, memory, operations and lag',
    options: [['--watch [seconds]', 'a live view, refreshed every so often (default: 1)']],
    load: () => import('./commands/status.ts'),
  },
  ...failoverCommands,
  {
    name: 'call',
    summary: "send a Redis command to a node or to all, with the inventory's password and guards",
    arguments: [
      ['<node>', 'a node of the inventory, or all'],
      ['<command...>', 'the command and its arguments'],
    ],
    options: [['--confirm <name>', 'confirm with this name when there is no terminal']],
    examples: ['weedgo-redis call redis1:7000 CLUSTER NODES', 'weedgo-redis call all CONFIG RESETSTAT'],
    load: () => import('./commands/call.ts'),
  },
  {
    name: 'stop',
    summary: "stop the inventory's nodes; configuration stays, and data where it is kept on disk",
    options: [['--confirm <name>', 'the cluster, typed, where a stop loses keys']],
    load: () => import('./commands/stop.ts'),
  },
  {
    name: 'start',
    summary: "start the inventory's nodes again and wait until the cluster is complete",
    load: () => import('./commands/start.ts'),
  },
  {
    name: 'destroy',
    summary: "stop the nodes and delete their data; asks for the cluster's name",
    options: [['--confirm <name>', "confirm with the cluster's name when there is no terminal"]],
    load: () => import('./commands/destroy.ts'),
  },
  {
    name: 'recover-password',
    summary: "read the cluster's password on its hosts and write the inventory's password file",
    options: [
      [
        '-o, --output <file>',
        "where to write it (default: the inventory's file); never over another password",
      ],
    ],
    load: () => import('./commands/recover-password.ts'),
  },
  {
    name: 'env',
    summary: "print the application's .env for this inventory",
    options: [['--show-secrets', 'print the password too']],
    load: () => import('./commands/env.ts'),
  },
];
