/**
 * Characters that a terminal, or a person who reads it, takes for something else than text: C0 except newline
 * and tab, DEL, C1, marks that change the direction of text (Unicode TR 9), separators of lines that are no
 * newline, invisible tags, noncharacters and halves of surrogate pairs. XML 1.0 forbids most of them as well.
 */
const harmful =
  // oxlint-disable-next-line no-control-regex
  /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069\uFFF9-\uFFFB\uFFFE\uFFFF]|[\u{E0000}-\u{E007F}]|\p{Surrogate}/gu;

/**
 * Text as it may be shown: what a host, a server, a key or a file put into it and what would act on the
 * terminal is spelt out (`\x1b`, `\u202e`). Line ends of Windows become newlines.
 */
export function harmless(text: string): string {
  return text.replaceAll('\r\n', '\n').replaceAll(harmful, spell);
}

/**
 * A value as part of a line: newlines and tabs in it are spelt out, so that it cannot pass for lines of ours.
 */
export const inLine = (text: string): string =>
  text.replaceAll(/[\n\r\t]/g, (found) => ({ '\n': '\\n', '\r': '\\r' })[found] ?? '\\t');

/**
 * A text of several lines below our own: none but the first can pass for a line of ours, since all others
 * stand behind a bar.
 */
export const behindBar = (text: string): string => text.replaceAll('\n', '\n  | ');

/** As JSON, with the same characters as JSON's own escapes, so that a reader gets exactly what was there. */
export function harmlessJson(document: unknown): string {
  // Outside of strings JSON has none of them but newlines.
  return JSON.stringify(document, null, 2).replaceAll(harmful, (found) =>
    Array.from({ length: found.length }, (_, index) => unit(found.charCodeAt(index), 4)).join(''),
  );
}

function spell(found: string): string {
  const code = found.codePointAt(0) ?? 0;
  if (code <= 0xff) return `\\x${code.toString(16).padStart(2, '0')}`;
  return code <= 0xffff ? unit(code, 4) : `\\u{${code.toString(16)}}`;
}

const unit = (code: number, digits: number): string => `\\u${code.toString(16).padStart(digits, '0')}`;
