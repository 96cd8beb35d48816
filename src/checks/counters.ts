import type { ReachableView } from '../cluster/view.ts';
import type { Finding } from './check.ts';
import type { CheckInput } from './input.ts';
import { formatSeconds, numberOf } from './text.ts';

/** A counter of INFO that only ever grows: what it says of now, and of the past. */
export type Counted = {
  readonly total: number;
  /** What it has grown by between two looks; undefined: there was one look only. */
  readonly grown: number | undefined;
  /** For `seen`: the total, since when, and whether it grows. */
  readonly told: string;
  /** A number that no longer grows is history: it is reported, and is nobody's alarm. */
  readonly severity: Extract<Finding['severity'], 'warning' | 'info'>;
  /** Whether it grows shows in the next look. */
  readonly passing: boolean;
};

/**
 * Reads a counter that starts at 0 with the server (or CONFIG RESETSTAT). undefined: it is 0, or the server
 * does not have it.
 */
export function counterOf(
  { first }: Pick<CheckInput, 'first'>,
  { node, info }: ReachableView,
  field: string,
): Counted | undefined {
  const total = numberOf(info, field) ?? 0;
  if (total === 0) return undefined;
  const before = first?.[node];
  // A server that was restarted between the looks counts from 0 again.
  const isSame = before !== undefined && before['run_id'] === info['run_id'];
  const grown = isSame ? Math.max(0, total - (numberOf(before, field) ?? 0)) : undefined;
  const uptime = numberOf(info, 'uptime_in_seconds');
  const since = uptime === undefined ? 'its start' : `its start ${formatSeconds(uptime)} ago`;
  const growth = grown === undefined ? 'not known whether it grows' : `${grown} while verify looked`;
  return {
    total,
    grown,
    told: `${field}:${total} since ${since} or the last CONFIG RESETSTAT; ${growth}`,
    severity: grown === undefined || grown === 0 ? 'info' : 'warning',
    passing: first === undefined,
  };
}
