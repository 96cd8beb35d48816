import { open } from 'node:fs/promises';
import { formatBytes } from './bytes.ts';

/**
 * The first bytes of a file, at most `limit` and one more, so that the caller sees whether there is more: a
 * device or a file of gigabytes takes neither memory nor time. Reading ends early where `isEnough` says so.
 * Throws as fs does.
 */
export async function readAtMost(
  file: string,
  limit: number,
  isEnough: (bytes: Buffer) => boolean = () => false,
): Promise<Buffer> {
  const handle = await open(file, 'r');
  try {
    const bytes = Buffer.allocUnsafe(limit + 1);
    let length = 0;
    while (length <= limit) {
      const { bytesRead } = await handle.read(bytes, length, limit + 1 - length, null);
      length += bytesRead;
      if (bytesRead === 0 || isEnough(bytes.subarray(0, length))) break;
    }
    return bytes.subarray(0, length);
  } finally {
    await handle.close();
  }
}

/** A text file. Throws as fs does, and Error for one that is larger than `limit`. */
export async function readTextAtMost(file: string, limit: number): Promise<string> {
  const bytes = await readAtMost(file, limit);
  if (bytes.length > limit) throw new Error(`${file} is larger than ${formatBytes(limit)}`);
  return bytes.toString('utf8');
}
