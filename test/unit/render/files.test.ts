import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadInventory } from '../../../src/inventory/load.ts';
import { layoutOf } from '../../../src/render/layout.ts';
import { renderHostFiles } from '../../../src/render/render.ts';
import type { RenderedFile } from '../../../src/render/render.ts';

const folder = join(import.meta.dirname, '../../fixtures/render');
const cases = readdirSync(folder).filter((name) => name.endsWith('.yaml'));

/**
 * A new case is a new NAME.yaml: `vitest run … -u` writes what its first host gets, which is then read and
 * judged.
 */
describe('the files of the first host', () => {
  test.each(cases)('%s', async (name) => {
    const inventory = await loadInventory(join(folder, name));
    const [host] = inventory.hosts;
    if (host === undefined) throw new Error('no host');
    const files = renderHostFiles({
      inventory,
      host,
      layout: layoutOf(inventory, host, '/home/dev/state'),
      secrets: {
        password: inventory.auth.password && 'the "administrator\'s" pass\\word',
        application: inventory.auth.application && 'schlüssel',
      },
      maxmemory: 1536 << 20,
      serverVersion: '7.2.4',
    });
    for (const file of files.filter(({ path }) => !/-7003|-7002|-7001|1710[1-5]/.test(path))) {
      const golden = join(folder, basename(name, '.yaml'), file.path.replaceAll('/', '_').slice(1));
      await expect(describeFile(file)).toMatchFileSnapshot(golden);
    }
  });
});

function describeFile({ path, mode, owner, group, secret, content }: RenderedFile): string {
  const facts = [path, mode, `${owner ?? '-'}:${group ?? '-'}`, secret ? 'secret' : 'public'];
  return `${facts.join(' ')}\n${content}`;
}
