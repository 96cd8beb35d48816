/** How findings put numbers and lists. */

/** `40 s`, `12 min`, `5 h`, `3 days`. */
export function formatSeconds(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} days`;
}

/** Names that a list in a sentence shows. */
export const mostNames = 6;

/** `a`, `a and b`, `a, b and c`; beyond `most` names the rest is counted. */
export function joinNames(names: readonly string[], most = mostNames): string {
  const shown = names.length > most ? [...names.slice(0, most), `${names.length - most} more`] : [...names];
  const last = shown.pop();
  return shown.length === 0 ? (last ?? '') : `${shown.join(', ')} and ${last ?? ''}`;
}

/** `1 node`, `2 nodes`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

/** A field of INFO as a number; undefined where the server does not have it. */
export function numberOf(fields: Readonly<Record<string, string>>, name: string): number | undefined {
  const value = Number(fields[name]);
  return fields[name] === undefined || Number.isNaN(value) ? undefined : value;
}
