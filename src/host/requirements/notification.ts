import { isRunning } from '../services.ts';
import type { Requirement } from './requirement.ts';

/**
 * The units are of Type=notify: a server without libsystemd would start and never say so, and systemd would
 * wait for it without end. Nodes that run already show that their unit does without.
 */
export const requireNotification: Requirement = ({ inventory, host, facts, desired }) => {
  const { installed, notifies } = facts.server;
  if (!installed || notifies !== false || desired.layout.manager !== 'systemd') return [];
  if (desired.services.some((service) => isRunning(service, facts))) return [];
  const server = `${inventory.server}-server`;
  return [
    {
      id: 'notification',
      kind: 'failed',
      host: host.name,
      message: `${host.name}: ${installed.path} is not linked with libsystemd, so systemd would never learn that a node is ready`,
      hints: [
        `Remove ${installed.path} and install the distribution's package of ${server}.`,
        'Or build it again with libsystemd-dev (systemd-devel) there: make USE_SYSTEMD=yes',
      ],
    },
  ];
};
