import { randomBytes } from 'node:crypto';
import { link, mkdir, open, readFile, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { OperationError } from '../base/errors.ts';
import { messageOf } from '../base/message-of.ts';

/** 256 bits, in characters that no shell, URL or .env file quotes. */
export const newSecret = (): string => randomBytes(32).toString('base64url');

/**
 * Puts a secret into a file that its owner alone can read, never over one that is there: written under
 * another name, synced and linked, so that the file is whole or not there, and of two runs at once one wins.
 * Resolves to what the file holds then, another's secret when it was there already. Throws OperationError
 * when it cannot be written.
 */
export async function keepSecret(file: string, secret: string): Promise<'written' | 'same' | 'another'> {
  const temporary = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`;
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    const handle = await open(temporary, 'wx', 0o600);
    try {
      await handle.writeFile(`${secret}\n`);
      await handle.sync();
      await link(temporary, file);
      return 'written';
    } finally {
      await handle.close();
      await unlink(temporary);
    }
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'EEXIST') {
      const [line = ''] = (await readFile(file, 'utf8')).split(/\r?\n/, 1);
      return line === secret ? 'same' : 'another';
    }
    const why = messageOf(cause);
    throw new OperationError(`the secret cannot be written to ${file}: ${why}`, { cause });
  }
}
