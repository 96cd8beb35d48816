import { expect, test } from 'vitest';
import { parseUser } from '../../../src/cluster/users.ts';

const parse = (line: string): ReturnType<typeof parseUser> => parseUser(line, () => 'aa');

test('selectors are apart from the rules of the user', () => {
  expect(
    parse(
      'user app on #aa #bb ~* &* +@all (~x resetchannels -@all +get) (%R~y) &a resetchannels -@all +set)',
    ),
  ).toEqual({
    name: 'app',
    enabled: true,
    noPassword: false,
    passwords: 2,
    oursWorks: true,
    keys: ['~*'],
    channels: ['&*'],
    commands: ['+@all'],
    selectors: [
      { keys: ['~x'], channels: [], commands: ['-@all', '+get'] },
      { keys: ['%R~y)'], channels: ['&a'], commands: ['-@all', '+set'] },
    ],
  });
});

test.each(['(app)', 'on', '#aa', "it's$(x)", 'app)'])('the name %j is read as it is', (name) => {
  expect(parse(`user ${name} off nopass resetchannels -@all`)).toMatchObject({
    name,
    enabled: false,
    noPassword: true,
    passwords: 0,
  });
});
