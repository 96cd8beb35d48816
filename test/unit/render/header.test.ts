import { expect, test } from 'vitest';
import { parseHeader, renderHeader } from '../../../src/render/header.ts';
import { maskSecrets } from '../../../src/render/mask.ts';

test('a file says whose it is', () => {
  const header = { cluster: 'prod', node: 'redis1:7000' };
  expect(parseHeader(`${renderHeader(header)}\nport 7000\n`)).toEqual(header);
  const shared = { cluster: undefined, node: undefined };
  expect(parseHeader(`${renderHeader(shared)}\n[Unit]\n`)).toEqual(shared);
  expect(parseHeader('# Redis configuration file example.\n# cluster: prod\n')).toBeUndefined();
  expect(parseHeader('')).toBeUndefined();
});

test('passwords and their hashes are masked, however they are written', () => {
  const conf = [
    'port 7000',
    '  RequirePass hunter2',
    'masterauth "hun\\"ter2"',
    'primaryauth hunter2',
    "user app on '>hunter2' #0123456789abcdef ~* +get",
    'requirepass "hunter2',
    '# requirepass is explained here',
  ].join('\n');
  expect(maskSecrets(conf)).toBe(
    [
      'port 7000',
      'RequirePass "***"',
      'masterauth "***"',
      'primaryauth "***"',
      'user "app" "on" "***" "***" "~*" "+get"',
      'requirepass "***"',
      '# requirepass is explained here',
    ].join('\n'),
  );
});
