/** The lines of a script's output, without empty ones. */
export const linesOf = (output: string): readonly string[] =>
  output.split('\n').filter((line) => line !== '');

/** `name=value` lines; the last one of a name counts. Lines without `=` are left out. */
export function fieldsOf(output: string): Readonly<Record<string, string>> {
  const pairs = linesOf(output).flatMap((line) => {
    const equals = line.indexOf('=');
    return equals > 0 ? [[line.slice(0, equals), line.slice(equals + 1)] as const] : [];
  });
  return Object.fromEntries(pairs);
}

/** A non-negative decimal number; undefined when the text is anything else. */
export const numberOf = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : undefined;

/** As `numberOf`; throws an Error naming `what` when it is not there. */
export function requireNumber(text: string | undefined, what: string): number {
  const value = numberOf(text);
  if (value === undefined) throw new Error(`${what} is not a number: ${JSON.stringify(text ?? '')}`);
  return value;
}
