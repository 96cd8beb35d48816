import { count } from '../inventory/fault.ts';

const mebibyte = 1 << 20;

const units: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  k: 1000,
  kb: 1024,
  m: 1_000_000,
  mb: mebibyte,
  g: 1_000_000_000,
  gb: 1024 * mebibyte,
};

/** Bytes of an amount as redis.conf writes them (`2gb`, `64k`; memtoull); undefined when it is none. */
export function parseMemory(text: string): number | undefined {
  const [, digits, unit] = /^(\d+)([a-z]*)$/i.exec(text) ?? [];
  const factor = units[(unit ?? '').toLowerCase()];
  return digits === undefined || factor === undefined ? undefined : Number(digits) * factor;
}

/** Bytes as redis.conf writes them: `2304mb` for whole mebibytes, else plain bytes. */
export function formatMemory(bytes: number): string {
  return bytes > 0 && bytes % mebibyte === 0 ? `${bytes / mebibyte}mb` : String(bytes);
}

export type MaxmemoryRequest = {
  /** The host's memory, or its cgroup's limit. */
  readonly totalBytes: number;
  /** Nodes of the inventory on this host. */
  readonly nodesOnHost: number;
  /** What the node has now: kept while it is one step off at most, so that it does not flap. */
  readonly currentBytes?: number | undefined;
};

/**
 * How much data each node of a host may hold, in bytes, and why. An eighth of the memory (256 MiB at least)
 * stays with the system; of each node's equal part, 65 % is for data and the rest for what a fork copies
 * while it saves, output buffers, the replication backlog and fragmentation. Rounded down to steps of 64 MiB
 * (4 MiB below that).
 */
export function defaultMaxmemory({ totalBytes, nodesOnHost, currentBytes }: MaxmemoryRequest): {
  readonly bytes: number;
  readonly reason: string;
} {
  const reserve = Math.max(256 * mebibyte, totalBytes / 8);
  const share = (Math.max(totalBytes - reserve, 0) / Math.max(nodesOnHost, 1)) * 0.65;
  const step = (share < 64 * mebibyte ? 4 : 64) * mebibyte;
  // Never 0, which Redis reads as no limit.
  const rounded = Math.max(Math.floor(share / step) * step, 16 * mebibyte);
  const keep = currentBytes !== undefined && currentBytes > 0 && Math.abs(currentBytes - rounded) <= step;
  return {
    bytes: keep ? currentBytes : rounded,
    reason:
      `65 % of the host's ${Math.round(totalBytes / mebibyte)} MiB without ${Math.round(reserve / mebibyte)} MiB ` +
      `for the system, shared by ${count(nodesOnHost, 'node')}`,
  };
}

/**
 * The largest power of two (in MiB) not above `bytes`, within bounds; so that derived sizes rarely change.
 */
export function powerOfTwoWithin(bytes: number, [least, most]: readonly [number, number]): number {
  const power = 2 ** Math.floor(Math.log2(Math.max(bytes / mebibyte, 1))) * mebibyte;
  return Math.min(Math.max(power, least * mebibyte), most * mebibyte);
}
