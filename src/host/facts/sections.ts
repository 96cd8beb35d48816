/** What one fact's script printed, and its exit code. */
export type Section = { readonly output: string; readonly code: number };

/**
 * The sections by name: after `MARKER NAME` what the script printed, a line break, and its exit code on a
 * line. None at all when the last marker, `MARKER end`, is missing: half an answer is none.
 */
export function splitSections(stdout: string, marker: string): ReadonlyMap<string, Section> {
  const parts = stdout.split(`${marker} `).slice(1);
  if (parts.pop()?.trim() !== 'end') return new Map();
  return new Map(parts.flatMap(parseSection));
}

function parseSection(part: string): readonly (readonly [string, Section])[] {
  const [, name, output, code] = /^(\w+)\n([^]*)\n(\d+)\n$/.exec(part) ?? [];
  return name !== undefined && output !== undefined ? [[name, { output, code: Number(code) }]] : [];
}
