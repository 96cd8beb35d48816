import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { parseInventory } from '../../../src/inventory/load.ts';
import { renderCompose } from '../../../src/render/compose.ts';

type Compose = {
  readonly services: {
    readonly redis: {
      readonly ports: readonly string[];
      readonly command: readonly string[];
      readonly secrets?: readonly string[];
      readonly healthcheck: { readonly test: readonly string[] };
    };
  };
  readonly secrets?: Readonly<Record<string, unknown>>;
};

const port = 17_110;
let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weedgo-compose-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('docker-compose.yml', () => {
  test('names where the password is, and holds none', () => {
    const { compose } = render(
      '{ password: { generate: secret/dev }, application: { user: app, password: { env: APP } } }',
    );
    expect(compose.secrets).toEqual({
      redis_password: { file: join(folder, 'secret/dev') },
      redis_application_password: { environment: 'APP' },
    });
    expect(compose.services.redis.secrets).toEqual(['redis_password', 'redis_application_password']);
    expect(compose.services.redis.ports).toEqual([`127.0.0.1:${port}:${port}`]);
    expect(render('{ password: { command: [pass, show, dev] } }').compose.secrets).toEqual({
      redis_password: { environment: 'REDIS_PASSWORD' },
    });
  });

  test('needs no secret without a password', () => {
    const { compose, conf } = render('{}');
    expect(compose.secrets).toBeUndefined();
    expect(compose.services.redis.command).toEqual(['redis-server', '/etc/redis.conf']);
    expect(conf).toContain('protected-mode "no"');
  });

  test('its command starts the server, its health check tells the truth', async () => {
    const { compose, conf } = render(
      '{ password: { env: X }, application: { user: app, password: { env: Y } } }',
    );
    const [password, application] = ['pa"ss\\ $wörd&/x', "o'ther"];
    await writeFile(join(folder, 'redis_password'), `${password}\nsecond line\n`);
    await writeFile(join(folder, 'redis_application_password'), application);
    await writeFile(join(folder, 'mounted.conf'), conf.replace('"/data"', JSON.stringify(folder)));
    // What the image's entry point does last.
    await writeFile(join(folder, 'docker-entrypoint.sh'), '#!/bin/sh\nexec "$@"\n', { mode: 0o755 });
    const environment = { ...process.env, PATH: `${folder}:${process.env['PATH']}` };
    const [shell = '', ...args] = compose.services.redis.command.map(inHere);
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', shell, ...args], {
      env: environment,
      stdio: 'ignore',
    });
    const exited = once(child, 'exit');
    try {
      const redis = new Redis({ port, password, retryStrategy: () => 20 });
      redis.on('error', () => {});
      expect(await redis.ping()).toBe('PONG');
      const app = new Redis({ port, username: 'app', password: application, retryStrategy: null });
      expect(await app.set('key', 'value')).toBe('OK');
      await expect(app.config('GET', 'requirepass')).rejects.toThrow('NOPERM');
      app.disconnect();
      redis.disconnect();
      const check = inHere(compose.services.redis.healthcheck.test[1] ?? '');
      await promisify(execFile)('sh', ['-c', check]);
      await writeFile(join(folder, 'redis_password'), 'wrong');
      await expect(promisify(execFile)('sh', ['-c', check])).rejects.toThrow('Command failed');
    } finally {
      child.kill('SIGKILL');
      await exited;
    }
  });
});

/** The container's paths, in this test's folder; Compose writes `$` as `$$`. */
function inHere(text: string): string {
  return text
    .replaceAll('$$', '$')
    .replaceAll('/run/secrets', folder)
    .replaceAll('/run/redis.conf', join(folder, 'run.conf'))
    .replaceAll('/etc/redis.conf', join(folder, 'mounted.conf'))
    .replace(/^ *chown .*$/m, '');
}

function render(auth: string): { readonly compose: Compose; readonly conf: string } {
  const text = [
    'cluster: dev',
    'mode: standalone',
    'connection: local',
    `auth: ${auth}`,
    `hosts: [{ name: local, address: 127.0.0.1, ports: [${port}] }]`,
  ].join('\n');
  const files = renderCompose(parseInventory(text, join(folder, 'dev.yaml')));
  const contentOf = (name: string): string => files.find((file) => file.name === name)?.content ?? '';
  const compose: Compose = parse(contentOf('docker-compose.yml'));
  return { compose, conf: contentOf('redis.conf') };
}
