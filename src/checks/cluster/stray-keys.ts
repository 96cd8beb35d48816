import { describeRanges } from '../../cluster/slots.ts';
import type { Check } from '../check.ts';
import { byHand, call } from '../remedy.ts';
import { count } from '../text.ts';

/** Every key lies on the master that clients are sent to for it. */
export const strayKeys: Check = {
  name: 'keys lie where clients look for them',
  section: 'cluster',
  cluster: true,
  run: ({ inventory, strayKeys: found }) =>
    Object.entries(found).map(([node, { keys, slots }]) => {
      const [first] = slots[0] ?? [];
      const where = slots.length === 0 ? 'other slots' : `slots ${describeRanges(slots)}`;
      return {
        id: 'WR-KEYS-STRAY',
        severity: 'critical',
        title: `${node} holds keys of slots that other masters own`,
        nodes: [node],
        hosts: [],
        seen: `${count(keys, 'key')} of ${where}`,
        expected: 'a master holds keys of its own slots only',
        why: 'No client is sent there for them: to applications they are lost. A full copy or a restart can delete them.',
        remedy: [
          ...(first === undefined ? [] : [call(inventory, node, 'CLUSTER', 'GETKEYSINSLOT', first, 10)]),
          byHand(
            `decide whether these keys count: DUMP on ${node} and RESTORE on the owner of their slot brings one back; what the owner has under the same name is newer`,
          ),
          byHand(`until then do not restart ${node}, and do not make it a replica`),
        ],
        // A move that was interrupted leaves them, and says what is safe.
        dueTo: [{ ids: ['WR-SLOTS-OPEN'] }],
      };
    }),
};
