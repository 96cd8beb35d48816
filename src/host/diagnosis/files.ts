import type { AofCheck, DumpCheck } from './evidence.ts';

/**
 * What is wrong with nodes.conf, as clusterLoadConfig (cluster.c) reads it: the server ends at a line with
 * fewer than eight words; with an empty file, or without a line about itself, it starts as another node.
 */
export function nodesConfFault(content: string): 'empty' | 'damaged' | undefined {
  if (content === '') return 'empty';
  const lines = content.split('\n').filter((line) => line.trim() !== '');
  if (!content.endsWith('\n') || content.includes('\0')) return 'damaged';
  if (!lines.every((line) => isNode(line) || isVars(line))) return 'damaged';
  return lines.some((line) => /^\S+ \S+ \S*\bmyself\b/.test(line)) ? undefined : 'damaged';
}

const isNode = (line: string): boolean =>
  /^[0-9a-f]{40} \S*:\d+(@\d+)?\S* \S+ (-|[0-9a-f]{40}) \d+ \d+ \d+ (connected|disconnected)( |$)/.test(line);

const isVars = (line: string): boolean => /^vars currentEpoch \d+ lastVoteEpoch \d+ *$/.test(line);

/**
 * A file of the append-only kind that the server will not load. What was merely cut off at its end it loads
 * (aof-load-truncated), if it is the last one.
 */
export function aofFault(check: AofCheck): 'zeros' | 'damaged' | undefined {
  if (check.valid) return undefined;
  if (check.file === undefined) return 'damaged';
  if (check.rest !== '' && check.rest.replaceAll('\0', '') === '') return 'zeros';
  const isLoadable = /\.incr\.aof$|^appendonly\.aof$/.test(check.file);
  const total = check.size - check.validUpTo;
  return isLoadable && isPrefixOfCommands(check.rest, total) ? undefined : 'damaged';
}

/**
 * The bytes could go on to be commands as the server writes them: `*2\r\n$3\r\nDEL\r\n$1\r\nk\r\n`. `total`:
 * how many there are in the file, of which these are the first.
 */
function isPrefixOfCommands(text: string, total: number): boolean {
  let at = 0;
  let expected = 0;
  while (at < text.length) {
    const line = /^[^\r\n]*/.exec(text.slice(at, at + 64))?.[0] ?? '';
    const end = at + line.length + 2;
    if (end > text.length) return total === text.length && startsLine(text.slice(at), expected > 0);
    const [, kind, number = ''] = /^([*$#])(.*)$/.exec(line) ?? [];
    if (text.slice(end - 2, end) !== '\r\n' || kind === undefined) return false;
    at = end;
    if (kind === '#' && expected === 0) continue;
    if (!/^\d+$/.test(number) || (kind === '*') === expected > 0) return false;
    expected = kind === '*' ? Number(number) : expected - 1;
    if (kind !== '$') continue;
    at += Number(number) + 2;
    if (at > text.length) return at > total;
    if (text.slice(at - 2, at) !== '\r\n') return false;
  }
  return true;
}

/**
 * The beginning of a line that says how long an argument is, or how many there are; `#` is a comment of Redis
 * 7.
 */
const startsLine = (text: string, inCommand: boolean): boolean =>
  (inCommand ? /^\$?\d*\r?$/ : /^(\*\d*|#.*)?\r?$/).test(text);

/**
 * As rdb.c writes it: `REDIS` and four digits first, the end's opcode (255) before a checksum of eight bytes.
 */
export function dumpFault({ size, head, end }: DumpCheck): 'empty' | 'damaged' | undefined {
  if (size === 0) return 'empty';
  return /^(REDIS|VALKEY)\d{3,4}/.test(head) && end === 255 ? undefined : 'damaged';
}
