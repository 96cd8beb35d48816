import { assert, property, stringMatching } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { runChecks } from '../../../src/checks/run.ts';
import { parseConfig } from '../../../src/cluster/parse.ts';
import { diffStep } from '../../../src/host/diff.ts';
import { describeStep, type HostStep } from '../../../src/host/step.ts';
import { knownDirectives } from '../../../src/inventory/directives.ts';
import { whyOwned } from '../../../src/inventory/owned.ts';
import { isSecretDirective } from '../../../src/inventory/secret-directives.ts';
import { renderHtml } from '../../../src/report/html.ts';
import { renderJunit } from '../../../src/report/junit.ts';
import { buildReport } from '../../../src/report/report.ts';
import { maskLogLine, maskSecrets } from '../../../src/render/mask.ts';
import { quote } from '../../../src/render/redis-conf.ts';
import { inputOf } from '../../support/check-case.ts';

/** A line of redis.conf with a secret in it, for every directive of the list and for names that tell. */
const lines: Readonly<Record<string, (secret: string) => string>> = {
  requirepass: (secret) => `requirepass ${secret}`,
  masterauth: (secret) => `masterauth ${secret}`,
  'another spelling': (secret) => `primaryauth ${secret}`,
  'tls-key-file-pass': (secret) => `tls-key-file-pass ${secret}`,
  'tls-client-key-file-pass': (secret) => `tls-client-key-file-pass ${secret}`,
  'a user': (secret) => `user app on ~* +@all ${quote(`>${secret.slice(1, -1)}`)}`,
  'a password that a user no longer has': (secret) => `user app on ${quote(`<${secret.slice(1, -1)}`)}`,
  "a password's hash": (secret) => `user app on ${quote(`#${secret.slice(1, -1)}`)}`,
  'rename-command': (secret) => `rename-command CONFIG ${secret}`,
  'a module': (secret) => `loadmodule /opt/m.so PASSWORD ${secret}`,
  'sentinel auth-pass': (secret) => `sentinel auth-pass mymaster ${secret}`,
  'sentinel sentinel-pass': (secret) => `sentinel sentinel-pass ${secret}`,
  "a module's own": (secret) => `search.admin-password ${secret}`,
  'in capitals': (secret) => `  RequirePass   ${secret}`,
  'in quotes': (secret) => `"requirepass" ${secret}`,
  'commented out': (secret) => `# requirepass ${secret}`,
  'that cannot be read': (secret) => `masterauth ${secret}x "`,
};

const secrets = stringMatching(/^[\w ~^]{0,8}$/).map((text) => quote(`S3cr3t-${text}-S3cr3t`));
const isShown = (text: string): boolean => text.includes('S3cr3t');
const runs = { numRuns: 20 };

describe.each(Object.entries(lines))('a secret in a line of redis.conf: %s', (_name, lineOf) => {
  test('is shown by no diff, whether it comes or goes', () => {
    assert(
      property(secrets, (secret) => {
        const conf = `port 7000\n${lineOf(secret)}\nappendonly yes\n`;
        const file = { path: '/etc/x', mode: '0640', owner: 'root', group: 'redis', secret: true };
        const steps: readonly HostStep[] = [
          { kind: 'write-file', file: { ...file, content: conf }, before: 'port 1\n' },
          { kind: 'write-file', file: { ...file, content: 'port 1\n' }, before: conf },
        ];
        for (const step of steps) expect(isShown(`${describeStep(step)}${diffStep(step)}`)).toBe(false);
        expect(isShown(maskSecrets(conf, 'a note'))).toBe(false);
        expect(maskSecrets(conf)).toContain('port 7000\n');
      }),
      runs,
    );
  });

  test("is shown by no report when it stands in a node's file", () => {
    assert(
      property(secrets, (secret) => {
        const patch = {
          'hosts redis1 facts files /etc/weedgo-redis/redis-7000.conf content': {
            replace: ['appendonly', `${lineOf(secret)}\nappendonly`],
          },
        };
        expectHidden(inputOf({ patch, expect: [] }));
      }),
      { numRuns: 3 },
    );
  });
});

test('is shown by no report when the running server has it', () => {
  const names = [...knownDirectives, 'search.admin-password'].filter(isSecretDirective);
  const config = parseConfig(names.flatMap((name) => [name, 'S3cr3t']));
  expect(Object.values(config)).not.toContain('S3cr3t');
  for (const [name, value] of Object.entries(config))
    expectHidden(inputOf({ patch: { [`view redis1:7000 config ${name}`]: value }, expect: [] }));
});

test('the list has the secrets that are known, and nothing else', () => {
  expect([...new Set(knownDirectives.filter(isSecretDirective))].toSorted()).toEqual([
    'loadmodule',
    'masterauth',
    'primaryauth',
    'rename-command',
    'requirepass',
    'tls-client-key-file-pass',
    'tls-key-file-pass',
    'user',
  ]);
});

test('the inventory cannot hold any of them', () => {
  for (const name of [...knownDirectives.filter(isSecretDirective), 'sentinel', 'my-module-password'])
    expect(whyOwned(name), name).toBeDefined();
});

function expectHidden(input: ReturnType<typeof inputOf>): void {
  const report = buildReport(input, runChecks(input), { startedAt: input.now, durationMs: 1, looks: 1 });
  for (const text of [JSON.stringify(report), renderHtml(report), renderJunit(report)])
    expect(isShown(text)).toBe(false);
}

test.each(Object.entries(lines))('a line of the configuration that a log quotes: %s', (_, lineOf) => {
  assert(
    property(secrets, (secret) => {
      const logged = `>>> '${lineOf(secret).trim()}'`;
      expect(isShown(maskLogLine(logged))).toBe(false);
      expect(isShown(maskLogLine(`redis-server[7]: ${logged}`))).toBe(false);
    }),
    runs,
  );
});
