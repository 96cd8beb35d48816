import type { Requirement } from './requirement.ts';
import { requirePorts } from './ports.ts';

/**
 * No server has a node's port without being the node: before nodes are stopped or deleted, one that runs
 * outside its unit or pid file must not be taken for one that does not run.
 */
export const requireKnownServers: Requirement = (input) => {
  const servers = new Set(
    input.facts.listeners.flatMap(({ pid, process }) =>
      process === 'redis-server' || process === 'valkey-server' ? [pid] : [],
    ),
  );
  const isServer = (port: number): boolean =>
    input.facts.listeners.some((listener) => listener.port === port && servers.has(listener.pid));
  return requirePorts(input).filter(({ node }) =>
    input.host.nodes.some((each) => each.id === node && (isServer(each.port) || isServer(each.busPort))),
  );
};
