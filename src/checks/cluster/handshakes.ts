import type { Check } from '../check.ts';
import { ours } from '../remedy.ts';
import { joinNames } from '../text.ts';

/** A handshake that does not end: the other side's bus port does not answer. */
export const handshakes: Check = {
  name: 'no open handshakes',
  section: 'cluster',
  cluster: true,
  run: ({ inventory }, { reachable }) => {
    const open = reachable.flatMap(({ node, nodes }) =>
      nodes
        .filter(({ flags }) => flags.includes('handshake'))
        .map(({ ip, port, busPort }) => ({ node, address: `${ip}:${port}`, busPort })),
    );
    const targets = [...new Set(open.map(({ address }) => address))];
    return targets.map((target) => {
      const by = open.filter(({ address }) => address === target);
      const nodes = by.map(({ node }) => node);
      return {
        id: 'WR-NODE-HANDSHAKE',
        severity: 'warning',
        title: `${joinNames(nodes)} cannot complete a handshake with ${target}`,
        nodes,
        hosts: [],
        seen: `in handshake with ${target}, bus port ${by[0]?.busPort ?? '?'}`,
        expected: 'no handshake open for longer than a moment',
        why: 'That node is not part of the cluster until its bus port answers.',
        remedy: [ours(inventory, 'check'), ours(inventory, 'provision')],
        passing: true,
      };
    });
  },
};
