import { mayEverything } from '../../cluster/users.ts';
import type { Finding } from '../check.ts';
import type { CheckInput } from '../input.ts';
import { usersOf } from '../probe.ts';
import { ours } from '../remedy.ts';
import { titled } from '../shared.ts';

/** The tool and the replicas work as the user default: it is on and may do everything. */
export function defaultUser({ inventory, probes }: CheckInput): readonly Finding[] {
  const common = {
    id: 'WR-DEFAULT-USER',
    severity: 'critical',
    hosts: [],
    expected: 'on ~* &* +@all',
    why: 'The tool and the replicas work as this user: what it is denied fails when it is needed.',
  } as const;
  return inventory.nodes.flatMap(({ id }): readonly Finding[] => {
    const title = titled(id, '{} {denies|deny} rights to the user default');
    if (probes[id]?.users === 'denied')
      return [
        {
          ...common,
          ...title,
          nodes: [id],
          seen: 'NOPERM for ACL LIST',
          // It may not be allowed to give itself rights; a start does.
          remedy: [ours(inventory, 'restart', id)],
        },
      ];
    const user = usersOf(probes[id]).find(({ name }) => name === 'default');
    if (!user || mayEverything(user)) return [];
    return [
      {
        ...common,
        ...title,
        nodes: [id],
        seen: user.enabled
          ? `its rights are ${[...user.keys, ...user.channels, ...user.commands].join(' ')}`
          : 'it is off',
        remedy: [ours(inventory, 'provision')],
      },
    ];
  });
}
