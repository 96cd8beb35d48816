import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runChecks } from '../../../src/checks/run.ts';
import { renderHtml } from '../../../src/report/html.ts';
import { buildReport } from '../../../src/report/report.ts';
import { inputOf, readCase } from '../../support/check-case.ts';

const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const hasBrowser = existsSync(executablePath);
const fixtures = fileURLToPath(new URL('../../fixtures/checks/', import.meta.url));
const bodyColor = "inPage.styleOf('body', 'backgroundColor')";
const cases = [
  'healthy-three-hosts',
  'cluster/cut-host',
  'redundancy/same-zone',
  'host/several-kernel',
] as const;

test.runIf(process.env['CI'] !== undefined)('a browser is there to test the page with', () => {
  expect(hasBrowser, `${executablePath} is missing: apt-get install chromium`).toBe(true);
});

describe.runIf(hasBrowser)('the page in a browser', () => {
  let dir: string;
  let context: BrowserContext;

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'weedgo-redis-page-'));
    context = await chromium.launchPersistentContext(join(dir, 'profile'), {
      executablePath,
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    });
    await context.addInitScript({ path: fileURLToPath(new URL('in-page.js', import.meta.url)) });
  });

  afterAll(async () => {
    await context?.close();
    await rm(dir, { recursive: true, force: true });
  });

  /** Opens the report of a fixture; what the console or the network had to say comes with it. */
  async function open(
    name: string,
    options: { dark?: boolean; width?: number } = {},
  ): Promise<{ page: Page; complaints: string[] }> {
    const input = inputOf(readCase(`${fixtures}${name}.yaml`));
    const file = join(dir, `${name.replace('/', '-')}.html`);
    await writeFile(
      file,
      renderHtml(buildReport(input, runChecks(input), { startedAt: input.now, durationMs: 812, looks: 1 })),
    );
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('request', (request) => request.url().startsWith('file:') || complaints.push(request.url()));
    await page.emulateMedia({ colorScheme: options.dark === true ? 'dark' : 'light' });
    await page.setViewportSize({ width: options.width ?? 1000, height: 900 });
    await page.goto(pathToFileURL(file).href);
    return { page, complaints };
  }

  test.each(cases)('%s: no word on the console, nothing loaded', async (name) => {
    const { page, complaints } = await open(name);
    expect(complaints).toEqual([]);
    await page.close();
  });

  test.each(cases)('%s: one h1, no heading level left out, everything named', async (name) => {
    const { page } = await open(name);
    const levels = await page.$$eval('h1, h2, h3, h4, h5, h6', (found) =>
      found.map((each) => Number(each.tagName[1])),
    );
    expect(levels.filter((level) => level === 1)).toHaveLength(1);
    for (const [index, level] of levels.entries())
      expect(level - (levels[index - 1] ?? 0)).toBeLessThanOrEqual(1);
    expect(await page.getAttribute('html', 'lang')).toBe('en');
    expect(await page.title()).not.toBe('');
    for (const label of await page.evaluate<string[]>('inPage.pictureNames()'))
      expect(label.length).toBeGreaterThan(5);
    for (const table of await page.locator('table').all()) {
      expect(await table.locator('caption').count()).toBe(1);
      expect(await table.locator('th:not([scope])').count()).toBe(0);
    }
    const repeated = await page.$$eval('[id]', (found) =>
      found.map(({ id }) => id).filter((id, i, all) => all.indexOf(id) !== i),
    );
    expect(repeated).toEqual([]);
    await page.close();
  });

  const looks = cases.flatMap((name) => [false, true].map((dark) => ({ name, dark })));

  test.each(looks)('$name, dark: $dark: all text has the contrast of WCAG AA', async ({ name, dark }) => {
    const { page } = await open(name, { dark });
    const poor = await page.evaluate<string[]>('inPage.findPoorContrast()');
    expect(poor).toEqual([]);
    await page.close();
  });

  test('poor contrast would be found', async () => {
    const { page } = await open('cluster/cut-host');
    await page.evaluate("document.querySelector('h1').style.color = '#bbb'");
    expect(await page.evaluate<string[]>('inPage.findPoorContrast()')).toEqual([
      expect.stringContaining('weedgo-prod'),
    ]);
    await page.close();
  });

  test('dark is dark and light is light', async () => {
    const [dark, light] = [await open('cluster/cut-host', { dark: true }), await open('cluster/cut-host')];
    const [night, day] = await Promise.all([dark, light].map(({ page }) => page.evaluate<string>(bodyColor)));
    expect(night).not.toBe(day);
    await Promise.all([dark, light].map(({ page }) => page.close()));
  });

  test.each([360, 720, 1400])('%i pixels wide: nothing sticks out, one drawing shows', async (width) => {
    const { page } = await open('redundancy/same-zone', { width });
    const excess = await page.evaluate<number>('inPage.excessWidth()');
    expect(excess).toBeLessThanOrEqual(0);
    const shown = await page.evaluate<string[]>('inPage.shownDrawings()');
    expect(shown).toEqual([width <= 720 ? 'narrow' : 'wide']);
    await page.close();
  });

  test('what is ill is told by words and shapes, not by colour alone', async () => {
    const { page } = await open('cluster/cut-host');
    const ill = page.locator('svg.wide g', { hasText: '✗ no answer' });
    expect(await ill.count()).toBe(2);
    const dashes = await page.evaluate<string>(
      "inPage.styleOf('svg.wide rect.host.state-critical', 'strokeDasharray')",
    );
    expect(dashes).not.toBe('none');
    await page.close();
  });

  test('in print it is light, and every remedy is there in full', async () => {
    const { page } = await open('cluster/cut-host', { dark: true });
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
    expect(await page.evaluate<string>(bodyColor)).toBe('rgb(255, 255, 255)');
    expect(await page.locator('pre').allInnerTexts()).toEqual([
      '# see that redis1 is on, on the network, and that its sshd can be reached from here; then',
      'weedgo-redis -i /etc/weedgo-redis.yaml start',
    ]);
    await page.close();
  });
});
