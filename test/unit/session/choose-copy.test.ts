import { expect, test } from 'vitest';
import { chooseCopy } from '../../../src/session/journal/choose.ts';
import type { Copy } from '../../../src/session/journal/choose.ts';

const copy = (revision: number, write: string): Copy<string> => ({
  entry: `${revision} by ${write}`,
  revision,
  write,
});

const cases: readonly {
  readonly name: string;
  readonly hosts: number;
  readonly copies: readonly Copy<string>[];
  readonly chosen: string | undefined;
  readonly highest: number;
}[] = [
  { name: 'no host has a copy', hosts: 3, copies: [], chosen: undefined, highest: 0 },
  {
    name: 'of equal revisions the one that more hosts have counts',
    hosts: 3,
    copies: [copy(2, 'failed'), copy(2, 'done'), copy(2, 'done')],
    chosen: '2 by done',
    highest: 2,
  },
  {
    name: 'a newer one that cannot have reached a majority does not, and the next write is above it',
    hosts: 3,
    copies: [copy(2, 'failed'), copy(1, 'done'), copy(1, 'done')],
    chosen: '1 by done',
    highest: 2,
  },
  {
    name: 'a newer one counts when hosts that were not read may have it',
    hosts: 3,
    copies: [copy(2, 'newer'), copy(1, 'older')],
    chosen: '2 by newer',
    highest: 2,
  },
  {
    name: 'a host that was away has an older one',
    hosts: 3,
    copies: [copy(1, 'older'), copy(3, 'newer'), copy(3, 'newer')],
    chosen: '3 by newer',
    highest: 3,
  },
  {
    name: 'replaced disks, which have none, do not outvote the copy that is left',
    hosts: 3,
    copies: [copy(5, 'left')],
    chosen: '5 by left',
    highest: 5,
  },
  {
    name: 'where no write can have reached a majority the newest is better than nothing',
    hosts: 3,
    copies: [copy(1, 'a'), copy(2, 'b'), copy(3, 'c')],
    chosen: '3 by c',
    highest: 3,
  },
];

test.each(cases)('$name', ({ hosts, copies, chosen, highest }) => {
  const { winner, revision } = chooseCopy(copies, hosts);
  expect(winner?.entry).toBe(chosen);
  expect(revision).toBe(highest);
  expect(chooseCopy(copies.toReversed(), hosts).winner?.entry).toBe(chosen);
});
