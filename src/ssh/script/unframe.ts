/** What a framed output has shown so far. */
export type Unframed = {
  /** The begin marker was seen: the script was started. */
  readonly begun: boolean;
  /** Exit code, once the end marker was seen. */
  readonly code: number | undefined;
  /** Bytes between the markers; before the begin marker, none. */
  readonly payload: Buffer;
  /** The first bytes before the begin marker, for messages. */
  readonly noise: string;
};

export type Unframer = {
  /** Takes the next bytes; returns the payload bytes that are certain not to be part of a marker. */
  push(chunk: Buffer): Buffer;
  readonly code: () => number | undefined;
  readonly state: () => Unframed;
};

const noiseLimit = 2_000;
const longestCode = 16;
/** For an end marker without an exit code behind it, as no script of the product ends. */
const brokenCode = 255;
const empty = Buffer.alloc(0);

/** Separates a script's output from what stands before and after it; see frame.ts. */
export function unframer(marker: string): Unframer {
  const begin = Buffer.from(`${marker}\n`);
  const end = Buffer.from(`${marker} `);
  const payload: Buffer[] = [];
  let pending: Buffer = empty;
  let [noise, begun, code] = ['', false, undefined as number | undefined];

  const takeNoise = (): void => {
    const at = pending.indexOf(begin);
    const certain = at === -1 ? Math.max(0, pending.length - begin.length + 1) : at;
    if (noise.length < noiseLimit) noise += pending.toString('utf8', 0, Math.min(certain, noiseLimit));
    begun = at !== -1;
    pending = pending.subarray(begun ? at + begin.length : certain);
  };

  const takePayload = (): Buffer => {
    const at = pending.indexOf(end);
    const certain = at === -1 ? pending.length - partOf(end, pending) : at;
    const part = pending.subarray(0, certain);
    if (part.length > 0) payload.push(part);
    pending = pending.subarray(certain);
    const newline = at === -1 ? -1 : pending.indexOf('\n');
    if (newline !== -1) code = Number(pending.toString('latin1', end.length, newline));
    // No exit code is that long: what follows is not kept.
    else if (at !== -1 && pending.length > end.length + longestCode) code = brokenCode;
    return part;
  };

  return {
    push(chunk) {
      if (code !== undefined) return empty;
      pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
      if (!begun) takeNoise();
      return begun ? takePayload() : empty;
    },
    code: () => code,
    state: () => ({
      begun,
      code,
      payload: Buffer.concat(payload),
      noise: begun ? noise : noise + pending.toString(),
    }),
  };
}

/** How many of the last bytes may be the beginning of the marker; the rest need not wait for more. */
function partOf(marker: Buffer, bytes: Buffer): number {
  const most = Math.min(marker.length - 1, bytes.length);
  for (let length = most; length > 0; length -= 1) {
    if (bytes.subarray(-length).equals(marker.subarray(0, length))) return length;
  }
  return 0;
}
