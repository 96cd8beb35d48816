import type { InfoFields } from './view.ts';

/**
 * Whether a replica has had a whole copy of its master: not while it copies, and not before its first link
 * since it started or was given this master (-1; replication.c, `repl_down_since`).
 */
export const hasWholeCopy = (info: InfoFields): boolean =>
  info['master_sync_in_progress'] !== '1' && info['master_link_down_since_seconds'] !== '-1';

/**
 * Whether a replica has had its link since it started or was given this master; a field that is missing says
 * no.
 */
export const wasLinked = (info: InfoFields): boolean =>
  info['master_link_status'] === 'up' || Number(info['master_link_down_since_seconds']) >= 0;
