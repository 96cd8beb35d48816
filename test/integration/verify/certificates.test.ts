import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readCertificates } from '../../../src/observation/certificates.ts';
import { localShell } from '../../../src/ssh/local.ts';

const shell = localShell('local');
let folder: string;
let certificate: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weedgo-certificates-'));
  await chmod(folder, 0o755);
  certificate = join(folder, 'node.crt');
  const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '90', '-subj', '/CN=node'];
  execFileSync('openssl', [...request, '-keyout', join(folder, 'node.key'), '-out', certificate], {
    stdio: 'ignore',
  });
  await chmod(certificate, 0o644);
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

const endsIn90Days = { notAfter: expect.closeTo(Date.now() + 90 * 86_400_000, -6) };

test('a certificate that the server names is read, as its user', async () => {
  for (const serviceUser of [undefined, 'daemon']) {
    expect(await readCertificates(shell, { paths: [certificate], serviceUser })).toEqual({
      [certificate]: endsIn90Days,
    });
  }
});

test('a name that openssl would load a library for is not followed', async () => {
  const [library, mark] = [join(folder, 'engine.so'), join(folder, 'loaded')];
  const source = join(import.meta.dirname, 'engine.c');
  execFileSync('cc', ['-shared', '-fPIC', `-DMARK="${mark}"`, '-o', library, source]);
  const paths = [`org.openssl.engine:${library}:key`, certificate];
  const found = await readCertificates(shell, { paths, serviceUser: undefined });
  expect(existsSync(mark)).toBe(false);
  expect(found).toEqual({ [String(paths[0])]: { notAfter: undefined }, [certificate]: endsIn90Days });
});

test('a pipe in its place is not waited for', async () => {
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  const paths = [pipe, certificate];
  expect(await readCertificates(shell, { paths, serviceUser: undefined })).toEqual({
    [pipe]: { notAfter: undefined },
    [certificate]: endsIn90Days,
  });
});

test.runIf(process.getuid?.() === 0)('what only root may read is not read for the server', async () => {
  const secret = join(folder, 'root.crt');
  execFileSync('cp', [certificate, secret]);
  await chmod(secret, 0o600);
  expect(await readCertificates(shell, { paths: [secret], serviceUser: 'daemon' })).toEqual({
    [secret]: { notAfter: undefined },
  });
});
