import { masked } from './compare.ts';
import { isSecretDirective } from './directives.ts';
import { parseRedisConf, quote } from './redis-conf.ts';

/**
 * A redis.conf that may be shown: passwords and their hashes replaced, every other line as it was. `note` is put
 * behind each password, so that no server starts with the mask in its place.
 */
export function maskSecrets(conf: string, note?: string): string {
  return conf
    .split('\n')
    .map((line) => maskLine(line, note))
    .join('\n');
}

function maskLine(line: string, note: string | undefined): string {
  const name = /^\s*(\S+)/.exec(line)?.[1] ?? '';
  if (!isSecretDirective(name.toLowerCase())) return line;
  const args = argumentsOf(line).map((arg) =>
    name.toLowerCase() !== 'user' || /^[#<>!]/.test(arg) ? masked : arg,
  );
  return [name, ...args, ...(note === undefined ? [] : [note])]
    .map((part, at) => (at === 0 ? part : quote(part)))
    .join(' ');
}

/** A line that the server could not read either is hidden whole. */
function argumentsOf(line: string): readonly string[] {
  try {
    return parseRedisConf(line)[0]?.args ?? [];
  } catch {
    return [masked];
  }
}
