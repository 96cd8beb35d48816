import type { Node } from '../../inventory/inventory.ts';
import type { Entry, Evidence, Holder, UnitEvidence } from './evidence.ts';
import { aofFault, dumpFault, nodesConfFault } from './files.ts';

/** Why a node does not start, as far as its host shows it. */
export type StartCause =
  | { readonly kind: 'masked' }
  | { readonly kind: 'program'; readonly said: string }
  | { readonly kind: 'address'; readonly address: string; readonly has: readonly string[] }
  | { readonly kind: 'port'; readonly holder: Holder }
  | { readonly kind: 'owner'; readonly entries: readonly Entry[] }
  | { readonly kind: 'nodes-conf'; readonly fault: 'empty' | 'damaged' | 'missing' }
  | {
      readonly kind: 'aof';
      readonly fault: 'zeros' | 'damaged';
      /** undefined: the manifest, or which file is not known. */
      readonly file: string | undefined;
      readonly size: number;
      readonly validUpTo: number;
      readonly said: string;
    }
  | { readonly kind: 'dump'; readonly fault: 'empty' | 'damaged' }
  | { readonly kind: 'log-folder' }
  | { readonly kind: 'configuration'; readonly said: string }
  /** systemd itself could not set the process up: an exit code of its own, and what the journal has of it. */
  | {
      readonly kind: 'setup';
      readonly status: number;
      readonly said: string | undefined;
      readonly dropIns: readonly string[];
    }
  /** The unit's start guard refused. */
  | { readonly kind: 'guard'; readonly said: string | undefined }
  | { readonly kind: 'timeout'; readonly dropIns: readonly string[] }
  | { readonly kind: 'oom' }
  | { readonly kind: 'crash'; readonly signal: number; readonly reported: boolean }
  /** It was started and ended, and nothing of the above is the reason; `said` is the last line of its log. */
  | { readonly kind: 'unknown'; readonly said: string; readonly dropIns: readonly string[] };

/**
 * The first cause that the state of the host shows, the ones that keep it from starting at all first;
 * undefined: it merely does not run. What a log says only names what the state shows, except for a directive
 * that the server does not know, of which there is no other trace. A node without a data folder does not
 * start for that reason alone, whatever its last run said.
 */
export function causeOf(evidence: Evidence, node: Node, expected: ExpectedData): StartCause | undefined {
  const outside = unitCause(evidence) ?? hostCause(evidence, node);
  const inside = (): StartCause | undefined => dataCause(evidence, expected) ?? endCause(evidence);
  return outside ?? (expected.hasFolder ? inside() : undefined);
}

/** `hasFolder`: the node has a data folder. `isCluster`: a node with data has a nodes.conf next to it. */
export type ExpectedData = { readonly hasFolder: boolean; readonly isCluster: boolean };

function unitCause({ unit, isLogFolder }: Evidence): StartCause | undefined {
  if (unit?.load === 'masked') return { kind: 'masked' };
  return isLogFolder ? { kind: 'log-folder' } : undefined;
}

function hostCause(
  { programError, addresses, holders }: Evidence,
  { address }: Node,
): StartCause | undefined {
  if (programError !== undefined) return { kind: 'program', said: programError };
  // Every address of 127.0.0.0/8 is the host's own.
  if (addresses && !address.startsWith('127.') && !addresses.includes(address))
    return { kind: 'address', address, has: addresses.filter((own) => own !== '127.0.0.1' && own !== '::1') };
  const inTheWay = new Set(['0.0.0.0', '::', '127.0.0.1', '::1', address]);
  const holder = holders.find((each) => inTheWay.has(each.address));
  return holder && { kind: 'port', holder };
}

/** What the next start reads. */
function dataCause(
  { entries = [], server, nodesConf, aof, dump }: Evidence,
  { isCluster }: ExpectedData,
): StartCause | undefined {
  const foreign = entries.filter(({ uid, path }) => server && uid !== server.uid && isRead(path));
  if (foreign.length > 0) return { kind: 'owner', entries: foreign };
  const identity = nodesConf === undefined ? undefined : nodesConfFault(nodesConf);
  if (identity) return { kind: 'nodes-conf', fault: identity };
  if (isCluster && entries.some(holdsData) && !entries.some(({ path }) => path === 'nodes.conf'))
    return { kind: 'nodes-conf', fault: 'missing' };
  const log = aof && aofFault(aof);
  if (aof && log) {
    const { file, size, validUpTo, said } = aof;
    return { kind: 'aof', fault: log, file, size, validUpTo, said };
  }
  const snapshot = dump && dumpFault(dump);
  return snapshot && { kind: 'dump', fault: snapshot };
}

/** The folder, nodes.conf and the files of persistence: what else lies there the server does not open. */
const isRead = (path: string): boolean => /^($|nodes\.conf$|dump\.rdb$|appendonly)/.test(path);

/** A file of persistence with something in it; the size of a folder says nothing. */
const holdsData = ({ path, size }: Entry): boolean =>
  size > 0 && /^(dump\.rdb|appendonly\.aof|appendonlydir\/.*\.(rdb|aof))$/.test(path);

/** What systemd could not do, rather than the step of which it was part. */
const setupFailure = (journal: readonly string[]): string | undefined =>
  journal.findLast((line) => line.includes(': Failed to ')) ??
  journal.findLast((line) => line.includes(': Failed at step '));

/** The first of systemd's own exit codes (systemd.exec(5)): what it starts never came to run. */
const firstOwnCode = 200;

/**
 * systemd takes an exit of ExecCondition for a condition that does not hold, its own failure to run it
 * included.
 */
function refusalOf(
  { result, status, condition, dropIns }: UnitEvidence,
  journal: readonly string[],
): StartCause | undefined {
  const isGuard = result === 'exec-condition';
  if (!isGuard && result !== 'exit-code') return undefined;
  const code = isGuard ? condition : status;
  if (code >= firstOwnCode)
    return {
      kind: 'setup',
      status: code,
      said: setupFailure(journal),
      dropIns,
    };
  return isGuard
    ? { kind: 'guard', said: journal.findLast((line) => line.startsWith('refused to start')) }
    : undefined;
}

/** How the last run ended, by systemd's word; a plain daemon leaves its log alone. */
function endCause({ unit, log, journal }: Evidence): StartCause | undefined {
  const lines = [...log, ...journal];
  const fatal = lines.findLastIndex((line) => line.includes('FATAL CONFIG FILE ERROR'));
  // A journal still has the starts before the last one: what became of that systemd knows.
  if (fatal !== -1 && (unit === undefined || unit.result === 'exit-code')) {
    const said = lines.slice(fatal + 1, fatal + 4).filter((line) => !/^\S+\.service: /.test(line));
    return { kind: 'configuration', said: said.join(' ') };
  }
  if (!unit) return undefined;
  const { result, status, dropIns, sub, active } = unit;
  const refusal = refusalOf(unit, journal);
  if (refusal) return refusal;
  if (result === 'timeout') return { kind: 'timeout', dropIns };
  if (result === 'oom-kill') return { kind: 'oom' };
  const reported = log.some(
    (line) => line.includes('REDIS BUG REPORT') || line.includes('crashed by signal'),
  );
  if (result === 'core-dump' || (result === 'signal' && [4, 6, 7, 8, 11].includes(status)))
    return { kind: 'crash', signal: status, reported };
  const isFailing = result === 'exit-code' && (sub === 'auto-restart' || active === 'failed');
  return isFailing ? { kind: 'unknown', said: log.at(-1) ?? journal.at(-1) ?? '', dropIns } : undefined;
}
