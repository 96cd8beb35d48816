import type { Ownership } from '../facts.ts';
import { requireNumber } from './lines.ts';

/**
 * What `stat -c` prints for `parseOwnership`: no name of a user or group has a tab in it, but some have
 * spaces.
 */
export const ownershipFormat = ['%a', '%u', '%g', '%U', '%G'].join('\t');

/** The fields of `ownershipFormat`. Throws an Error where they make no sense. */
export function parseOwnership([mode = '', uid, gid, owner = '', group = '']: readonly string[]): Ownership {
  return {
    mode: mode.padStart(4, '0'),
    owner,
    group,
    uid: requireNumber(uid, 'user id'),
    gid: requireNumber(gid, 'group id'),
  };
}
