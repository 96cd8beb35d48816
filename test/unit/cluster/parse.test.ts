import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, it, test } from 'vitest';
import {
  countKeys,
  parseClusterNodes,
  parseConfig,
  parseInfo,
  processIdOf,
} from '../../../src/cluster/parse.ts';
import { OperationError } from '../../../src/base/errors.ts';

const fixtures = new URL('../../fixtures/cluster/', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, fixtures), 'utf8');

describe('CLUSTER NODES', () => {
  const versions = readdirSync(new URL('nodes/', fixtures)).filter((file) => file.endsWith('.txt'));

  test.each(versions)('%s', (file) => {
    const expected: unknown = JSON.parse(read(`nodes/${file.replace('.txt', '.json')}`));
    expect(parseClusterNodes(read(`nodes/${file}`))).toEqual(expected);
  });

  // A hostile server: its words end up in commands that operators paste.
  const id = '2cd8b1f6a3c04d0a9b8e7f6d5c4b3a2918070605';
  test.each([
    `$(reboot) 10.0.0.1:7000@17000 master - 0 0 1 connected`,
    `${id.toUpperCase()} 10.0.0.1:7000@17000 master - 0 0 1 connected`,
    `--all 10.0.0.1:7000@17000 master - 0 0 1 connected`,
    `${id} 10.0.0.1;reboot:7000@17000 master - 0 0 1 connected`,
    `${id} 10.0.0.1:7000@17000,$(reboot) master - 0 0 1 connected`,
    `${id} 10.0.0.1:7000@17000 slave $(reboot) 0 0 1 connected`,
    `${id} 10.0.0.1:7000@17000 master - 0 0 1;reboot connected`,
    `${id} 10.0.0.1:7000@17000 master - 0 0 1 connected 0-x`,
    `${id} 10.0.0.1:7000@17000 master - 0 0 1 connected [93->-ab]`,
  ])('refuses %s', (line) => {
    expect(() => parseClusterNodes(line)).toThrow('not a line of CLUSTER NODES');
  });

  it('refuses what is no line of it, and says so', () => {
    const line = '2cd8b1f6a3c04d0a9b8e7f6d5c4b3a2918070605 10.0.0.1 myself,master - 0 0 0 connected';
    expect(() => parseClusterNodes(line)).toThrow(OperationError);
    expect(() => parseClusterNodes('<html>')).toThrow('not a line of CLUSTER NODES: <html>');
    expect(() => parseClusterNodes(line.replace('10.0.0.1', ':1@2') + ' [93-?-ab]')).toThrow(OperationError);
  });
});

describe('INFO', () => {
  it('reads a whole INFO', () => {
    const info = parseInfo(read('info/redis-7.0.txt'));
    expect(info).toMatchObject({ redis_version: '7.0.15', role: 'slave', master_link_status: 'up' });
    expect(info).not.toHaveProperty('# Server');
  });

  it('reads CLUSTER INFO with its line ends', () => {
    const info = parseInfo(read('info/cluster-redis-7.0.txt').replaceAll(/\r?\n/g, '\r\n'));
    expect(info).toMatchObject({ cluster_state: 'fail', cluster_slots_assigned: '16383' });
  });

  it('keeps colons and equals signs of values', () => {
    expect(parseInfo('executable:/a:b\r\ndb0:keys=1,expires=0\r\n')).toEqual({
      executable: '/a:b',
      db0: 'keys=1,expires=0',
    });
  });

  it.each(['-1', '0', '1; reboot', '', '12345678901'])('takes %s for no process id', (id) => {
    expect(processIdOf({ process_id: id })).toBeUndefined();
  });

  it('counts the keys of all databases', () => {
    expect(countKeys(parseInfo('db0:keys=12,expires=3,avg_ttl=0\r\ndb15:keys=30,expires=0'))).toBe(42);
    expect(countKeys(parseInfo('# Keyspace\r\n'))).toBe(0);
  });
});

describe('CONFIG GET', () => {
  it('never holds a secret', () => {
    const reply = ['maxmemory', '0', 'requirepass', 'hunter2', 'masterauth', '', 'tls-key-file-pass', 'x'];
    expect(parseConfig(reply)).toEqual({
      maxmemory: '0',
      requirepass: '***',
      masterauth: '',
      'tls-key-file-pass': '***',
    });
  });
});
