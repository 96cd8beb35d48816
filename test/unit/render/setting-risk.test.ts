import { expect, test } from 'vitest';
import { riskOfSetting } from '../../../src/render/setting-risk.ts';

test.each([
  ['stop-writes-on-bgsave-error', 'no', 'writes are accepted while snapshots fail'],
  ['stop-writes-on-bgsave-error', 'yes', undefined],
  ['save', '99999999 1', 'so seldom'],
  ['save', '60 10000', 'so seldom'],
  ['save', '315360000 1', 'so seldom'],
  ['repl-diskless-sync-delay', '2147483647', 'waits that long'],
  ['repl-diskless-sync-delay', '0', undefined],
  ['repl-diskless-sync-delay', '5', undefined],
  ['repl-ping-replica-period', '100000', 'cannot be elected'],
  ['repl-ping-slave-period', '16', 'cannot be elected'],
  ['repl-ping-replica-period', '10', undefined],
  ['repl-timeout', '1', 'cannot be elected'],
  ['repl-timeout', '60', undefined],
  ['cluster-replica-no-failover', 'yes', 'is not elected'],
  ['cluster-slave-no-failover', 'yes', 'is not elected'],
  ['cluster-replica-no-failover', 'no', undefined],
  ['save', '', 'no snapshot is made by itself'],
  ['save', '60 10000 3600 1', undefined],
  ['save', '900 1', undefined],
  ['appendfsync', 'no', 'since the last save'],
  ['appendfsync', 'EVERYSEC', undefined],
  ['appendonly', 'no', 'append-only files that end now'],
  ['appendonly', 'yes', 'reads dump.rdb alone'],
  ['rdb-del-sync-files', 'yes', 'starts empty'],
  ['rdb-del-sync-files', 'no', undefined],
  ['maxmemory-policy', 'allkeys-lru', 'may delete keys'],
  ['maxmemory-policy', 'volatile-ttl', 'may delete keys'],
  ['maxmemory-policy', 'noeviction', undefined],
  ['replica-serve-stale-data', 'no', 'answer reads with an error'],
  ['slave-serve-stale-data', 'yes', undefined],
  ['cluster-require-full-coverage', 'yes', 'the whole cluster refuses'],
  ['cluster-require-full-coverage', 'no', undefined],
  ['cluster-allow-reads-when-down', 'yes', 'out of date'],
  ['min-replicas-to-write', '0', 'acknowledged'],
  ['min-replicas-to-write', '1', 'masters refuse writes'],
  ['min-slaves-max-lag', '10', 'masters refuse writes'],
  ['a-module.option', '1', 'may be cut off'],
  ['loglevel', 'debug', undefined],
])('%s %j', (name, value, expected) => {
  const risk = riskOfSetting(name, value);
  if (expected === undefined) expect(risk).toBeUndefined();
  else expect(risk).toContain(expected);
});
