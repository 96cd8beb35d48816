/** A place in a stream of writes, which a master and its replicas count alike. */
export type StreamPosition = { readonly id: string; readonly offset: number };

/** What the first bytes of a file say of it. */
export type DataFormat =
  /** The plain text of an append-only file, or nothing at all. */
  | { readonly kind: 'commands' }
  | {
      readonly kind: 'rdb';
      readonly program: 'REDIS' | 'VALKEY';
      readonly version: number;
      /**
       * When the snapshot was begun (RDB aux field ctime), ms since the epoch; undefined: it does not say.
       */
      readonly begun: number | undefined;
      /** Up to where it has the stream of writes (repl-id, repl-offset); undefined: it does not say. */
      readonly position?: StreamPosition | undefined;
      /** It certainly holds no key and no function. */
      readonly isEmpty: boolean;
      /** Keys of database 0 (RDB_OPCODE_RESIZEDB); undefined: it does not say. */
      readonly keys?: number | undefined;
    };

/** rdb.h: RDB_OPCODE_AUX, RDB_OPCODE_RESIZEDB, RDB_OPCODE_SELECTDB and RDB_OPCODE_EOF. */
const opcodes = { aux: 0xfa, sizes: 0xfb, database: 0xfe, end: 0xff } as const;

/** As many bytes as the header and the aux fields of every known version fit into. */
export const headerBytes = 512;

/**
 * Reads the header of an RDB file: `REDIS0011` (`VALKEY080` from Valkey 9 on), then aux fields, then the
 * first opcode of what follows. A file whose fields go on beyond the bytes that were read counts as one with
 * data.
 */
export function parseHeaderBytes(bytes: Buffer): DataFormat {
  const [, redis, valkey] = /^(?:REDIS(\d{4})|VALKEY(\d{3}))/.exec(bytes.toString('latin1', 0, 9)) ?? [];
  const version = redis ?? valkey;
  if (version === undefined) return { kind: 'commands' };
  const fields = new Map<string, string>();
  let at = 9;
  while (bytes[at] === opcodes.aux) {
    const name = readString(bytes, at + 1);
    const value = name && readString(bytes, name.end);
    if (!name || !value) break;
    fields.set(name.text, value.text);
    at = value.end;
  }
  const begun = Number(fields.get('ctime') ?? Number.NaN);
  const [id, offset] = [fields.get('repl-id'), Number(fields.get('repl-offset') ?? Number.NaN)];
  return {
    kind: 'rdb',
    program: redis === undefined ? 'VALKEY' : 'REDIS',
    version: Number(version),
    begun: Number.isFinite(begun) ? begun * 1000 : undefined,
    ...(id !== undefined && Number.isSafeInteger(offset) && { position: { id, offset } }),
    isEmpty: bytes[at] === opcodes.end,
    keys: readKeys(bytes, at),
  };
}

/** What begins database 0 says how many keys follow; functions come before it. */
function readKeys(bytes: Buffer, at: number): number | undefined {
  const isFirst = bytes[at] === opcodes.database && bytes[at + 1] === 0 && bytes[at + 2] === opcodes.sizes;
  const [first, start] = [bytes[at + 3], at + 4];
  if (!isFirst || first === undefined) return undefined;
  if (first >> 6 === 0) return first;
  if (first >> 6 === 1) return start < bytes.length ? ((first & 0x3f) << 8) | (bytes[start] ?? 0) : undefined;
  if (first === lengthOf4Bytes && start + 4 <= bytes.length) return bytes.readUInt32BE(start);
  return undefined;
}

/** RDB_32BITLEN. */
const lengthOf4Bytes = 0x80;

type Text = { readonly text: string; readonly end: number };

/**
 * A length-prefixed string or an integer that is stored as one (rdb.c, rdbGenericLoadStringObject);
 * undefined: cut off.
 */
function readString(bytes: Buffer, at: number): Text | undefined {
  const first = bytes[at];
  if (first === undefined) return undefined;
  const kind = first >> 6;
  if (kind === 3) return readInteger(bytes, at + 1, first & 0x3f);
  if (kind === 2) return undefined;
  const [length, start] =
    kind === 0 ? [first, at + 1] : [((first & 0x3f) << 8) | (bytes[at + 1] ?? 0), at + 2];
  const end = start + length;
  return end > bytes.length ? undefined : { text: bytes.toString('latin1', start, end), end };
}

function readInteger(bytes: Buffer, at: number, encoding: number): Text | undefined {
  const size = [1, 2, 4][encoding];
  if (size === undefined || at + size > bytes.length) return undefined;
  return { text: String(bytes.readIntLE(at, size)), end: at + size };
}
