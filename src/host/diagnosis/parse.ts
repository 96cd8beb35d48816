import { maskLogLine } from '../../render/mask.ts';
import { fieldsOf, linesOf } from '../facts/lines.ts';
import { parseAddress } from '../facts/proc-address.ts';
import type { Section } from '../facts/sections.ts';
import { parseHolders } from '../scripts/socket-holders.ts';
import type { AofCheck, DumpCheck, Entry, Evidence, Holder, UnitEvidence } from './evidence.ts';

type Sections = ReadonlyMap<string, Section>;

/**
 * Reads one node's sections (`nINDEX_…`) of what `evidenceScript` prints. What was not read stays undefined.
 */
export function parseEvidence(sections: Sections, index: number): Evidence {
  const section = (name: string): Section => sections.get(`n${index}_${name}`) ?? { output: '', code: 1 };
  /** A section whose script could look. */
  const read = (name: string): string | undefined => {
    const { output, code } = section(name);
    return code === 0 ? output : undefined;
  };
  const [uid, gid] = linesOf(section('ids').output).map(Number);
  const addresses = sections.get('addresses');
  const persistence = section('persistence');
  return {
    unit: parseUnit(section('unit').output),
    entries: parseEntries(section('entries').output),
    server: uid === undefined || gid === undefined ? undefined : { uid, gid },
    nodesConf: read('nodes'),
    aof: parseAof(persistence),
    dump: parseDump(persistence),
    holders: parseHolding(linesOf(section('holders').output)),
    programError: section('program').output.trim() || undefined,
    addresses: addresses && addresses.code === 0 ? parseAddresses(addresses.output) : undefined,
    isLogFolder: section('logs').output.trim() === 'folder',
    log: sinceLastStart(linesOf(section('log').output)).map(maskLogLine),
    journal: linesOf(section('journal').output).map(maskLogLine),
  };
}

function parseUnit(output: string): UnitEvidence | undefined {
  const fields = fieldsOf(output);
  if (fields['LoadState'] === undefined) return undefined;
  return {
    load: fields['LoadState'],
    active: fields['ActiveState'] ?? '',
    sub: fields['SubState'] ?? '',
    result: fields['Result'] ?? '',
    status: Number(fields['ExecMainStatus'] ?? 0),
    condition: Number(/ status=(\d+)/.exec(fields['ExecCondition'] ?? '')?.[1] ?? 0),
    restarts: Number(fields['NRestarts'] ?? 0),
    dropIns: (fields['DropInPaths'] ?? '').split(' ').filter((path) => path !== ''),
  };
}

/** `KIND UID GID SIZE PATH`, the folder itself first; none where there is no such folder. */
function parseEntries(output: string): readonly Entry[] | undefined {
  const entries = linesOf(output).flatMap((line): readonly Entry[] => {
    const [, kind, uid, gid, size, path = ''] = /^(\w) (\d+) (\d+) (\d+) (.*)$/.exec(line) ?? [];
    if (kind === undefined) return [];
    return [{ kind, path, uid: Number(uid), gid: Number(gid), size: Number(size) }];
  });
  return entries.length === 0 ? undefined : entries;
}

/**
 * `code=N`, `AOF analyzed: …` of a file that is not valid to its end, the last line said, the rest in base64.
 */
function parseAof({ output }: Section): AofCheck | undefined {
  const [first = '', analyzed = '', said = '', rest = ''] = output.split('\n');
  const code = /^code=(\d+)$/.exec(first)?.[1];
  // 124: it did not finish in time; 126, 127: there is no such program.
  if (code === undefined || ['124', '126', '127'].includes(code)) return undefined;
  const [, file, size, validUpTo] =
    /^AOF analyzed: filename=(.*), size=(\d+), ok_up_to=(\d+),/.exec(analyzed) ?? [];
  return {
    file,
    size: Number(size ?? 0),
    validUpTo: Number(validUpTo ?? 0),
    rest: Buffer.from(rest, 'base64').toString('latin1'),
    valid: code === '0' && file === undefined,
    said,
  };
}

/** Size, first nine bytes, and the byte that must say that the file ends, in base64. */
function parseDump({ output, code }: Section): DumpCheck | undefined {
  const [size = '', head = '', end = ''] = output.split('\n');
  if (code !== 0 || !/^\d+$/.test(size)) return undefined;
  return {
    size: Number(size),
    head: Buffer.from(head, 'base64').toString('latin1'),
    end: Buffer.from(end, 'base64')[0] ?? 0,
  };
}

/** Lines of /proc/net/tcp (proc(5)), then those of `holders`. */
function parseHolding(lines: readonly string[]): readonly Holder[] {
  const holders = parseHolders(lines);
  return lines.flatMap((line): readonly Holder[] => {
    const [, address, port, peer, peerPort, state, rest] =
      /^\s*\d+: ([0-9A-F]+):([0-9A-F]{4}) ([0-9A-F]+):([0-9A-F]{4}) ([0-9A-F]{2}) (.*)$/.exec(line) ?? [];
    if (address === undefined || port === undefined || peer === undefined) return [];
    const owner = holders.get(rest?.trim().split(/\s+/)[5] ?? '');
    const isListening = state === '0A';
    return [
      {
        port: Number.parseInt(port, 16),
        address: parseAddress(address),
        peer: isListening ? undefined : `${parseAddress(peer)}:${Number.parseInt(peerPort ?? '0', 16)}`,
        pid: owner?.pid,
        process: owner?.process,
      },
    ];
  });
}

/** `2: host0    inet 10.0.0.1/24 brd …` */
function parseAddresses(output: string): readonly string[] {
  return linesOf(output).flatMap((line) => / inet6? ([0-9a-fA-F.:]+)/.exec(line)?.[1] ?? []);
}

/** A server says first of all that it starts; what stands before that is of an earlier run. */
function sinceLastStart(lines: readonly string[]): readonly string[] {
  const start = lines.findLastIndex((line) => /oO0OoO0OoO0Oo (Redis|Valkey) is starting/.test(line));
  return start === -1 ? lines : lines.slice(start + 1);
}
