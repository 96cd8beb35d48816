import { expect, test } from 'vitest';
import { noteFileLimit } from '../../../src/operations/provision/file-limit.ts';
import { planLive } from '../../../src/operations/provision/running.ts';
import type { RunningNode } from '../../../src/operations/provision/running-node.ts';

const node = (maxclients: string, openFilesLimit: number): RunningNode => ({
  host: 'redis1',
  view: {
    reachable: true,
    node: 'redis1:7000',
    nodeId: '',
    nodes: [],
    clusterInfo: {},
    info: {},
    keys: 0,
    config: { maxclients },
  },
  desired: { maxclients: [['10000']] },
  onDisk: {},
  data: { folder: { kind: 'absent' }, leftBehind: undefined, asides: [] },
  isOlderThanFile: false,
  defaults: undefined,
  otherSeries: undefined,
  renewed: [],
  move: undefined,
  version: '7.0.15',
  process: { pid: 1, folder: 'own', executable: '', openFilesLimit, started: 0 },
  dropIns: ['/etc/systemd/system/weedgo-redis@.service.d/override.conf'],
});

test('maxclients that the limit of open files lowered is not set, and the limit is named with its drop-in', () => {
  const lowered = node('268', 300);
  expect(planLive(lowered)).toEqual([]);
  expect(noteFileLimit(lowered)).toEqual([
    expect.objectContaining({
      kind: 'warning',
      message: 'redis1:7000: its limit of 300 open files keeps maxclients at 268 instead of 10000',
      hints: [expect.stringContaining('override.conf'), 'weedgo-redis restart redis1:7000'],
    }),
  ]);
});

test('maxclients that was set by hand is set again', () => {
  const byHand = node('200', 65_536);
  expect(planLive(byHand)).toMatchObject([{ kind: 'set-config', directive: 'maxclients', value: '10000' }]);
  expect(noteFileLimit(byHand)).toEqual([]);
});
