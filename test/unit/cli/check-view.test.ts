import { expect, test } from 'vitest';
import { formatChecks } from '../../../src/cli/views/check.ts';
import type { CheckLine } from '../../../src/operations/check/lines.ts';

const command = `ufw allow proto tcp from 192.168.1.11 to any port ${Array.from({ length: 20 }, (_, index) => 7000 + index).join(',')}`;
const lines: readonly CheckLine[] = [
  { check: 'authentication', outcome: 'ok', detail: 'deploy over ssh2', hints: [] },
  {
    check: 'kernel',
    outcome: 'warning',
    detail: Array.from({ length: 30 }, () => 'words').join(' '),
    hints: [],
  },
  {
    check: 'firewall',
    outcome: 'failed',
    detail: 'ufw keeps out redis2',
    hints: ['As root on redis1:', `  ${command}`],
  },
  { check: 'root', outcome: 'unknown', detail: '', hints: [] },
];
const report = {
  cluster: 'prod',
  passed: false,
  hosts: ['redis1', 'a-longer-name'].map((host) => ({ host, address: '192.168.1.10', lines })),
};

test.each([60, 80, 100])('within %d columns, each host named once, commands in one piece', (columns) => {
  const text = formatChecks(report, { interactive: true, color: false, columns });
  const [table = '', ...rest] = text.split('\n\n');
  for (const line of table.split('\n')) expect(line.length).toBeLessThanOrEqual(columns);
  expect(table.match(/redis1|a-longer-name/g)).toEqual(['redis1', 'a-longer-name']);
  expect(rest.join('\n\n').split('\n')).toContain(`    ${command}`);
  expect(text).toMatch(/prod cannot be provisioned yet: see above\.$/);
});

test('what is no terminal gets a line a check', () => {
  const text = formatChecks(report, { interactive: false, color: false, columns: 80 });
  expect(text.split('\n\n')[0]?.split('\n')).toHaveLength(1 + 2 * lines.length);
});
