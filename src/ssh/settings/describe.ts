import type { HostConfig } from './config.ts';

/** A server for messages: the host by its inventory name, with the place that was connected to. */
export function describe(config: HostConfig): string {
  const place = config.port === 22 ? config.hostname : `${config.hostname} port ${config.port}`;
  return config.jump ? `jump host ${place} of ${config.host}` : `${config.host} (${place})`;
}
