import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  fingerprint,
  findAuthority,
  hashName,
  judgeKey,
  keyType,
  keyTypeName,
  knownKeyTypes,
  parseKnownHosts,
} from '../../../../src/ssh/host-keys/known-hosts.ts';

/** A key blob of a type: the type, length-prefixed, and something that tells it from others. */
const blob = (type: string, seed: string): string => {
  const name = Buffer.from(type);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(name.length);
  return Buffer.concat([length, name, Buffer.from(seed)]).toString('base64');
};
const ed = blob('ssh-ed25519', 'one');
const other = blob('ssh-ed25519', 'two');
const rsa = blob('ssh-rsa', 'three');
const print = (base64: string): string => fingerprint(Buffer.from(base64, 'base64'));
const judge = (text: string, names: readonly string[], key: string): string =>
  judgeKey(parseKnownHosts(text, 'known_hosts'), names, print(key)).kind;

describe('reading known_hosts', () => {
  it('leaves out comments, empty and malformed lines, protocol 1 and unknown markers', () => {
    const text = `# a comment\n\n   \nh 2048 35 123456\nh ssh-ed25519\n@new h ssh-ed25519 ${ed}\n\th\tssh-ed25519\t${ed}  user@host\r\n`;
    expect(parseKnownHosts(text, 'f')).toMatchObject([
      { file: 'f', line: 7, names: 'h', type: 'ssh-ed25519' },
    ]);
  });

  it('knows the type that a key says of itself', () => {
    expect(keyType(Buffer.from(rsa, 'base64'))).toBe('ssh-rsa');
    expect(keyType(Buffer.alloc(2))).toBe('');
    expect(
      ['ssh-ed25519', 'ssh-rsa', 'ecdsa-sha2-nistp256', 'sk-ssh-ed25519@openssh.com'].map(keyTypeName),
    ).toEqual(['ED25519', 'RSA', 'ECDSA', 'ED25519']);
  });
});

describe('judging a key', () => {
  it.each([
    ['known by name', `h ssh-ed25519 ${ed}`, ['h'], 'known'],
    ['known among several names on a line', `a,h,10.0.0.1 ssh-ed25519 ${ed}`, ['h'], 'known'],
    ['known in capitals', `H.Example ssh-ed25519 ${ed}`, ['h.example'], 'known'],
    ['known by a second line', `h ssh-ed25519 ${other}\nh ssh-ed25519 ${ed}`, ['h'], 'known'],
    ['unknown', `g ssh-ed25519 ${ed}`, ['h'], 'unknown'],
    ['changed', `h ssh-ed25519 ${other}`, ['h'], 'changed'],
    ['changed when only another type is known', `h ssh-rsa ${rsa}`, ['h'], 'changed'],
    ['revoked', `@revoked * ssh-ed25519 ${ed}\nh ssh-ed25519 ${ed}`, ['h'], 'revoked'],
    [
      'not revoked by the revocation of another key',
      `@revoked * ssh-ed25519 ${other}\nh ssh-ed25519 ${ed}`,
      ['h'],
      'known',
    ],
    ['not revoked for another host', `@revoked g ssh-ed25519 ${ed}\nh ssh-ed25519 ${ed}`, ['h'], 'known'],
    ['unknown where there is only an authority', `@cert-authority * ssh-ed25519 ${ed}`, ['h'], 'unknown'],
    ['known by a wildcard', `*.example.com ssh-ed25519 ${ed}`, ['a.example.com'], 'known'],
    ['known by ?', `redis? ssh-ed25519 ${ed}`, ['redis1'], 'known'],
    ['a dot is a dot', `redis.1 ssh-ed25519 ${ed}`, ['redisx1'], 'unknown'],
    ['unknown by a negation', `*.example.com,!b.example.com ssh-ed25519 ${ed}`, ['b.example.com'], 'unknown'],
    ['unknown by a negation alone', `!b ssh-ed25519 ${ed}`, ['a'], 'unknown'],
    ['known on a port', `[h]:2222 ssh-ed25519 ${ed}`, ['[h]:2222', 'h'], 'known'],
    ['known by the name without its port', `h ssh-ed25519 ${ed}`, ['[h]:2222', 'h'], 'known'],
    ['unknown when the bare name has another key', `h ssh-ed25519 ${other}`, ['[h]:2222', 'h'], 'unknown'],
    [
      'changed on the port though the bare name has it',
      `[h]:2222 ssh-rsa ${rsa}\nh ssh-ed25519 ${ed}`,
      ['[h]:2222', 'h'],
      'changed',
    ],
    ['a bare wildcard does not take a name with a port', `h* ssh-ed25519 ${ed}`, ['[h]:2222'], 'unknown'],
  ])('%s', (_, text, names, verdict) => {
    expect(judge(text, names, ed)).toBe(verdict);
  });

  it('names file and line of the key that differs', () => {
    const entries = parseKnownHosts(`# first\nh ssh-ed25519 ${other}\n`, '/k');
    expect(judgeKey(entries, ['h'], print(ed))).toMatchObject({
      kind: 'changed',
      known: { file: '/k', line: 2 },
    });
  });

  it('finds hashed names, and only them', () => {
    fc.assert(
      fc.property(
        fc.domain(),
        fc.integer({ min: 1, max: 65535 }),
        fc.uint8Array({ minLength: 20, maxLength: 20 }),
        (host, port, salt) => {
          const name = port === 22 ? host : `[${host}]:${port}`;
          const text = `${hashName(name, Buffer.from(salt))} ssh-ed25519 ${ed}`;
          expect(judge(text, [name], ed)).toBe('known');
          expect(judge(text, [`${name}x`], ed)).toBe('unknown');
        },
      ),
    );
  });
});

it('lists the types that are known under a name, and finds the authority of a name', () => {
  const text = `[h]:2222 ssh-rsa ${rsa}\nh ssh-ed25519 ${ed}\n@cert-authority *.example ssh-ed25519 ${other}\ng ssh-rsa ${rsa}`;
  const entries = parseKnownHosts(text, 'f');
  expect(knownKeyTypes(entries, '[h]:2222')).toEqual(['ssh-rsa']);
  expect(findAuthority(entries, 'a.example')?.line).toBe(3);
  expect(findAuthority(entries, 'a.other')).toBeUndefined();
});
