import { isIPv6 } from 'node:net';
import { UsageError } from '../../base/errors.ts';
import { harmless } from '../../base/harmless.ts';
import type { Inventory, Node, Secrets } from '../../inventory/inventory.ts';
import { notYetGenerated } from '../../inventory/secrets.ts';

/**
 * The application's .env for an inventory: where to connect, and as which user. Without `secrets` the
 * password is left out and the line says how to see it. Pure; throws UsageError for a password that the usual
 * .env parsers read differently.
 */
export function renderEnv(inventory: Inventory, secrets: Secrets | undefined): string {
  const first = inventory.nodes.find(({ preferredRole }) => preferredRole === 'master');
  const user = inventory.auth.application?.user;
  const cluster = inventory.mode === 'cluster';
  return [
    `# ${inventory.cluster}, written by weedgo-redis`,
    `REDIS_HOST=${first?.address ?? ''}`,
    `REDIS_PORT=${first?.port ?? ''}`,
    ...(cluster ? ['# A cluster has database 0 alone'] : []),
    'REDIS_DB=0',
    ...(user === undefined ? [] : [`REDIS_USERNAME=${user}`]),
    ...passwordLines(inventory, secrets),
    'REDIS_SSL=false',
    ...(cluster ? clusterLines(inventory) : []),
  ].join('\n');
}

function clusterLines({ nodes }: Inventory): readonly string[] {
  return [
    '# For a cluster client: it finds the others from any of them',
    `REDIS_CLUSTER_NODES=${nodes.map(endpoint).join(',')}`,
  ];
}

function passwordLines({ auth }: Inventory, secrets: Secrets | undefined): readonly string[] {
  if (auth.password === undefined) return ['REDIS_PASSWORD='];
  if (secrets === undefined) {
    return ['# Printed by weedgo-redis env --show-secrets', '# REDIS_PASSWORD='];
  }
  const password = auth.application === undefined ? secrets.password : secrets.application;
  if (password === notYetGenerated) return ['# The first provision generates it', '# REDIS_PASSWORD='];
  return [`REDIS_PASSWORD=${quoteForEnv(password ?? '')}`];
}

/** As cluster clients take them; an IPv6 address in brackets. */
function endpoint({ address, port }: Node): string {
  return `${isIPv6(address) ? `[${address}]` : address}:${port}`;
}

/**
 * One spelling that shells, Docker Compose, dotenv for Node and for Python and `node --env-file` all read
 * alike. They agree on neither escapes nor what `$` means in quotes, so some passwords have none.
 */
function quoteForEnv(value: string): string {
  if (harmless(value) !== value) throw unwritable();
  if (/^[\w./:@%+,-]+$/.test(value)) return value;
  if (!/'|\\\\|\\$|\$\{/.test(value)) return `'${value}'`;
  if (!/["\\$`]/.test(value)) return `"${value}"`;
  throw unwritable();
}

const unwritable = (): UsageError =>
  new UsageError('the password cannot be written to a .env file that every parser reads alike', {
    hints: [
      'Choose one without quotes, backslashes, dollar signs and control characters, or hand it over another way.',
    ],
  });
