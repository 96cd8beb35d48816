import { expect, test } from 'vitest';
import { diffStep } from '../../../src/host/diff.ts';
import type { HostStep } from '../../../src/host/step.ts';

const write = (content: string, before?: string, secret = true): HostStep => ({
  kind: 'write-file',
  file: {
    path: '/etc/weedgo-redis/redis-7000.conf',
    mode: '0640',
    owner: 'root',
    group: 'redis',
    content,
    secret,
  },
  before,
});

/** What the tool writes begins with it. */
const mark = '# managed by weedgo-redis\n';

const conf = (memory: string): string =>
  [
    mark.trimEnd(),
    'port "7000"',
    'requirepass "hunter2"',
    '# Leaves room',
    `maxmemory "${memory}"`,
    'appendonly "yes"',
    '',
  ].join('\n');

test('a changed directive, with its surroundings and without secrets', () => {
  expect(diffStep(write(conf('2gb'), conf('1gb')))).toBe(`--- /etc/weedgo-redis/redis-7000.conf
+++ /etc/weedgo-redis/redis-7000.conf
@@ -2,5 +2,5 @@
 port "7000"
 requirepass "***"
 # Leaves room
-maxmemory "1gb"
+maxmemory "2gb"
 appendonly "yes"`);
});

test('a new file comes from nowhere', () => {
  expect(diffStep(write('requirepass "hunter2"\n'))).toBe(`--- /dev/null
+++ /etc/weedgo-redis/redis-7000.conf
@@ -0,0 +1,1 @@
+requirepass "***"`);
});

test('a changed password is said, and not shown', () => {
  const diff = diffStep(write(`${mark}requirepass "new-secret"\n`, `${mark}requirepass "old-secret"\n`));
  expect(diff).toBe(`--- /etc/weedgo-redis/redis-7000.conf
+++ /etc/weedgo-redis/redis-7000.conf
# requirepass: another value, not shown`);
});

test('a password that is taken away is not shown either', () => {
  expect(
    diffStep(write(`${mark}port 7000\n`, `${mark}port 7000\nrequirepass "hunter2"\n`, false)),
  ).not.toContain('hunter2');
});

test("what an application's user may do is shown, its password's hash is not", () => {
  const diff = diffStep(write(`${mark}user "app" "on" "#aaa" "+get"\n`, `${mark}user "app" "on" "#bbb"\n`));
  expect(diff).toContain('+user "app" "on" "***" "+get"');
  expect(diff).not.toMatch(/#aaa|#bbb/);
  expect(diff).toContain('# user: another value, not shown');
});

test('a file that the tool did not write is replaced without being shown', () => {
  const diff = diffStep(write(conf('2gb'), 'root:$y$j9T$secret:19000:0:99999:7:::\n'));
  expect(diff).toContain('its content is not shown');
  expect(diff).not.toContain('root:');
});

test('nothing to show where only the mode changes, and for other steps', () => {
  expect(diffStep(write('same\n', 'same\n'))).toBeUndefined();
  expect(diffStep({ kind: 'reload-units' })).toBeUndefined();
});
