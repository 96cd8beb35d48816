import { expect, test } from 'vitest';
import { parseSockets } from '../../../src/host/facts/sockets.ts';
import { judgeSockets } from '../../../src/host/socket-owner.ts';

const node = { address: '10.0.0.5', port: 7000 };
const v4 = { own: '0500000A:1B58', any: '00000000:1B58', other: '0600000A:1B58' };
const v6 = {
  any: '00000000000000000000000000000000:1B58',
  mapped: '0000000000000000FFFF00000500000A:1B58',
  own: 'B80D0120000000000000000001000000:1B58',
};
const judge = (lines: readonly string[], place = node, uid: number | undefined = 102) => {
  const sockets = parseSockets(lines.map((line) => `socket ${line}\n`).join(''));
  return judgeSockets({ uid, sockets }, place, 'redis');
};

test.each([
  ['accepted by the service user', [`${v4.own} 0A 102 7`, `${v4.own} 01 102 1`]],
  ['not accepted yet', [`${v4.own} 0A 102 7`, `${v4.own} 01 0 0`]],
  ['a listener on all addresses', [`${v4.any} 0A 102 7`, `${v4.own} 01 102 1`]],
  ['a listener for both families', [`${v6.any} 0A 102 7`, `${v6.mapped} 01 102 1`]],
  // It cannot get IPv4 connections while the other is bound to the address.
  ["somebody's IPv6 listener besides", [`${v4.own} 0A 102 7`, `${v6.any} 0A 9 8`, `${v4.own} 01 102 1`]],
  [
    "somebody's listener at another address",
    [`${v4.own} 0A 102 7`, `${v4.other} 0A 9 8`, `${v4.own} 01 102 1`],
  ],
])('%s is the own server', (_, lines) => {
  expect(judge(lines)).toEqual({ kind: 'own' });
});

test.each([
  ['a listener of another user', [`${v4.own} 0A 65534 7`, `${v4.own} 01 65534 1`]],
  ['a listener of root', [`${v4.own} 0A 0 7`, `${v4.own} 01 0 1`]],
  ['a listener of another user on all addresses', [`${v6.any} 0A 65534 7`, `${v6.mapped} 01 0 0`]],
  // The listener was replaced after the connection was made.
  ['a connection that another user accepted', [`${v4.own} 0A 102 7`, `${v4.own} 01 65534 1`]],
  ['one that closes', [`${v4.own} 0A 102 7`, `${v4.own} 08 65534 1`]],
])('%s is foreign', (_, lines) => {
  expect(judge(lines)).toMatchObject({ kind: 'foreign' });
});

test('without a service user on the host every listener is foreign', () => {
  const sockets = parseSockets(`socket ${v4.own} 0A 102 7\nsocket ${v4.own} 01 102 1\n`);
  expect(judgeSockets({ uid: undefined, sockets }, node, 'redis').kind).toBe('foreign');
});

test.each([
  ['nothing that listens', []],
  ['a listener that has gone', [`${v4.own} 01 102 1`]],
  // The address is another host's, whatever listens on all addresses of this one.
  ['no connection', [`${v4.any} 0A 102 7`]],
  ['connections to another address alone', [`${v4.any} 0A 102 7`, `${v4.other} 01 102 1`]],
  ['connections of the past', [`${v4.any} 0A 102 7`, `${v4.own} 06 0 0`]],
])('%s is unknown', (_, lines) => {
  expect(judge(lines)).toMatchObject({ kind: 'unknown' });
});

test('IPv6', () => {
  const place = { address: '2001:db8::1', port: 7000 };
  expect(judge([`${v6.any} 0A 102 7`, `${v6.own} 01 102 1`], place).kind).toBe('own');
  expect(judge([`${v6.own} 0A 9 7`, `${v6.own} 01 9 1`], place).kind).toBe('foreign');
});
