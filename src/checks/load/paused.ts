import type { Check } from '../check.ts';
import { call } from '../remedy.ts';
import { titled } from '../shared.ts';

/**
 * Writes that somebody paused (CLIENT PAUSE) and did not let through again. A failover pauses them for a
 * moment.
 */
export const paused: Check = {
  name: 'writes not paused',
  section: 'load',
  run: ({ inventory, probes }, { reachable, shards }) =>
    reachable
      .filter(({ node }) => probes[node]?.writes === 'paused')
      .map(({ node }) => {
        const isServing = shards.some(({ master }) => master.node.id === node && master.slots.length > 0);
        return {
          id: 'WR-WRITES-PAUSED',
          severity: isServing || inventory.mode === 'standalone' ? 'critical' : 'warning',
          ...titled(node, '{} {holds|hold} back every write'),
          nodes: [node],
          hosts: [],
          seen: 'a command that may write got no answer while others were answered, as after CLIENT PAUSE … WRITE',
          expected: 'writes are carried out at once',
          why: isServing
            ? 'Every client that writes there hangs until the pause is over.'
            : 'Should it become master, every client that writes there hangs until the pause is over.',
          remedy: [call(inventory, node, 'CLIENT', 'UNPAUSE')],
          passing: true,
          explains: [{ ids: ['WR-WRITE-FAILED'], nodes: [node] }],
        } as const;
      }),
};
