import { ownHome } from '../base/me.ts';
import { dirname, resolve } from 'node:path';
import type { Inventory } from '../inventory/inventory.ts';
import type { SecretSource } from '../inventory/schema.ts';
import { applicationRules } from './acl.ts';
import { renderHeader } from './header.ts';
import { renderNodeConfig } from './render.ts';
import { fillTemplate } from './template.ts';

const images = { redis: 'redis:7-alpine', valkey: 'valkey/valkey:8-alpine' } as const;

/**
 * A standalone server as containers: docker-compose.yml and the redis.conf that it mounts. Neither holds a
 * password; Docker reads it where the inventory says that it is (a command's output comes in REDIS_PASSWORD).
 * Pure.
 */
export function renderCompose(
  inventory: Inventory,
): readonly { readonly name: string; readonly content: string }[] {
  const [node] = inventory.nodes;
  if (node === undefined) return [];
  const { password, application } = inventory.auth;
  const context = {
    header: renderHeader({ cluster: inventory.cluster, node: node.id }),
    image: images[inventory.server],
    server: inventory.server,
    name: inventory.cluster,
    port: String(node.port),
    published: `127.0.0.1:${node.port}:${node.port}`,
    password: password !== undefined,
    passwordSource: composeSource(password, inventory, 'REDIS_PASSWORD'),
    application: application !== undefined,
    applicationUser: application?.user ?? '',
    applicationRules: applicationRules.join(' '),
    applicationSource: composeSource(application?.password, inventory, 'REDIS_APPLICATION_PASSWORD'),
  };
  const layout = {
    node,
    configFile: '/etc/redis.conf',
    dataDirectory: '/data',
    logFile: '',
    service: { manager: 'container' as const },
  };
  const secrets = { password: undefined, application: undefined };
  return [
    { name: 'docker-compose.yml', content: fillTemplate('docker-compose.yml', context, { yaml: quoteYaml }) },
    { name: 'redis.conf', content: renderNodeConfig({ inventory, layout, secrets }) },
  ];
}

function composeSource(source: SecretSource | undefined, inventory: Inventory, variable: string): string {
  if (source === undefined) return '';
  if ('env' in source) return `environment: ${quoteYaml(source.env)}`;
  if ('command' in source) return `environment: ${variable}`;
  const path = 'file' in source ? source.file : source.generate;
  const expanded = path.startsWith('~/') ? ownHome() + path.slice(1) : path;
  return `file: ${quoteYaml(resolve(dirname(inventory.file), expanded))}`;
}

/** JSON strings are YAML; Compose reads `$` as a variable unless it is doubled. */
function quoteYaml(text = ''): string {
  return JSON.stringify(text).replaceAll('$', '$$$$');
}
