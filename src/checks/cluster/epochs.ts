import type { Check } from '../check.ts';
import { byHand, ours } from '../remedy.ts';
import { joinNames } from '../text.ts';

/** No two masters have one config epoch: it decides who is right when two claim a slot. */
export const epochs: Check = {
  name: 'config epochs differ',
  section: 'cluster',
  cluster: true,
  run: ({ inventory }, { members }) => {
    const masters = members.filter(({ role, slots, view }) => role === 'master' && slots.length > 0 && view);
    const shared = new Set(
      masters
        .map(({ configEpoch }) => configEpoch)
        .filter((epoch, index, all) => all.indexOf(epoch) !== index),
    );
    return [...shared].map((epoch) => {
      const nodes = masters.filter(({ configEpoch }) => configEpoch === epoch).map(({ node }) => node.id);
      return {
        id: 'WR-EPOCH-COLLISION',
        severity: 'warning',
        title: `${joinNames(nodes)} have the same config epoch`,
        nodes,
        hosts: [],
        seen: `config epoch ${epoch} on each of them`,
        expected: 'a different config epoch on every master',
        why: 'If they ever claim the same slot the cluster cannot tell who is right.',
        // Redis gives one of them another epoch as soon as they hear each other
        // (clusterHandleConfigEpochCollision).
        remedy: [
          byHand(`it ends when ${joinNames(nodes)} reach each other's bus ports; find out why they do not`),
          ours(inventory, 'check'),
        ],
        passing: true,
        // Which of them is right has to be decided before they hear each other.
        dueTo: [{ ids: ['WR-SLOTS-TWICE'], nodes }],
      };
    });
  },
};
