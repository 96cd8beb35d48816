import { PassThrough } from 'node:stream';
import type { WriteStream } from 'node:tty';
import { expect, test } from 'vitest';
import { createPaint } from '../../../src/cli/paint.ts';
import { createScreen } from '../../../src/cli/screen.ts';
import { formatStatus } from '../../../src/cli/views/status.ts';
import { nodesNow } from '../../../src/report/node-table.ts';
import type { Status } from '../../../src/operations/status/status.ts';
import { localInventory } from '../../support/inventory.ts';
import { healthyInput } from '../../support/healthy.ts';

const terminal = { interactive: true, color: false, columns: 80 };
const ports = Array.from({ length: 60 }, (_, index) => 7000 + index);
const input = healthyInput(localInventory(ports, { password: true }));
const reason = `127.0.0.1:7059 cannot be reached from local: ${'connect ECONNREFUSED '.repeat(4).trim()}`;

const status: Status = {
  cluster: 'prod',
  mode: 'cluster',
  state: 'degraded',
  summary: 'prod is degraded: 59 of 60 nodes answer, 30 shards',
  checkedAt: '2026-11-23T12:00:00.000Z',
  durationMs: 12,
  nodes: nodesNow(input.inventory, input.view).map((node) =>
    node.node.endsWith(':7059') ? { ...node, reachable: false, reason } : node,
  ),
  totals: { opsPerSecond: 1, usedMemory: 2048, keys: 3, clients: 4, hits: 3, misses: 1 },
};

test('every node has a line within 80 columns', () => {
  const lines = formatStatus(status, terminal).split('\n');
  expect(lines.filter((line) => /7\d{3} /.test(line) && !line.includes('cannot'))).toHaveLength(60);
  expect(lines.filter((line) => line.length > 80)).toEqual([]);
});

test('where not all have room, those that are ill come first and the rest is counted', () => {
  const lines = formatStatus(status, terminal, { rows: 23 }).split('\n');
  expect(lines).toHaveLength(23);
  expect(lines.find((line) => line.includes('no answer'))).toMatch(/^✗ \S+:7059 /);
  const shown = lines.filter((line) => /^[✗! ] \S+:7\d{3} /.test(line) && !line.includes('cannot')).length;
  expect(lines.at(-1)).toBe(`… and ${60 - shown} more`);
});

test('a screen cuts what is too long or too many, colours apart, and draws anew when its size changes', () => {
  const written: string[] = [];
  const paint = createPaint(true);
  const stream: WriteStream = Object.assign(Object.create(new PassThrough()), {
    columns: 5,
    rows: 3,
    write: (text: string) => written.push(text),
  });
  const screen = createScreen(stream);
  screen.draw(({ columns, rows }) => `${paint.red(`${columns}x${rows} red`)}\nabc\nleft out`);
  expect(written.at(-1)).toBe('\u001B[H\u001B[31m5x2 r\u001B[39m\u001B[K\nabc\u001B[K\n\u001B[J');
  stream.columns = 7;
  stream.emit('resize');
  expect(written.at(-1)).toContain('\u001B[31m7x2 red\u001B[39m\u001B[K\nabc');
  screen.close();
  expect(stream.listenerCount('resize')).toBe(0);
});
