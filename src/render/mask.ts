import { isSecretDirective, maskArguments, masked } from '../inventory/secret-directives.ts';
import { parseRedisConf, quote } from './redis-conf.ts';

/**
 * A redis.conf that may be shown: passwords and their hashes replaced, every other line as it was. `note` is
 * put behind each password, so that no server starts with the mask in its place.
 */
export function maskSecrets(conf: string, note?: string): string {
  return conf
    .split('\n')
    .map((line) => maskLine(line, note))
    .join('\n');
}

/**
 * A line of a server's log as it may be shown. At a configuration that it does not accept, a server prints
 * the whole line (config.c, loadServerConfigFromString): `>>> 'requirepass …'`. The end may be cut off.
 */
export function maskLogLine(line: string): string {
  const [, before, quoted, end = ''] = /^(.*>>> ')(.*?)('?)$/s.exec(line) ?? [];
  return before === undefined || quoted === undefined ? line : `${before}${maskSecrets(quoted)}${end}`;
}

function maskLine(line: string, note: string | undefined): string {
  const [, comment = '', directive = ''] = /^([\s#]*)(.*)$/s.exec(line) ?? [];
  const isComment = comment.includes('#');
  const parsed = readLine(directive);
  if (!parsed) return hideUnreadable(line, { directive, isComment });
  const { name, args } = parsed;
  if (!isSecretDirective(name) || args.length === 0) return line;
  const shown = maskArguments(name, args);
  // What was commented out may be in use elsewhere, or again.
  if (isComment) return shown.includes(masked) && isForm(name, args) ? `${comment}${name} ${masked}` : line;
  const spelt = /^[\w.-]+/.exec(directive)?.[0] ?? name;
  return [spelt, ...[...shown, ...(note === undefined ? [] : [note])].map(quote)].join(' ');
}

/** Whether a comment is a directive that was commented out, and no prose that begins with one's name. */
function isForm(name: string, args: readonly string[]): boolean {
  if (name === 'user' || name === 'sentinel') return true;
  if (name === 'loadmodule') return args[0]?.startsWith('/') === true;
  return args.length === (name === 'rename-command' ? 2 : 1);
}

/** undefined: nothing, or a line that the server could not read either. */
function readLine(line: string): { readonly name: string; readonly args: readonly string[] } | undefined {
  try {
    return parseRedisConf(line)[0];
  } catch {
    return undefined;
  }
}

/** In a line that cannot be read a secret may stand anywhere; prose in a comment may hold an apostrophe. */
function hideUnreadable(
  line: string,
  { directive, isComment }: { readonly directive: string; readonly isComment: boolean },
): string {
  const words = directive.split(/[^\w.-]+/).filter((word) => word !== '');
  const told = isComment ? words.slice(0, 1) : words;
  const secret = told.find(isSecretDirective);
  return secret === undefined ? line : `${isComment ? '# ' : ''}${secret} ${quote(masked)}`;
}
