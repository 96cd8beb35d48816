import { canonicalDirective } from '../inventory/directives.ts';
import { sameDirectiveValue } from '../render/compare.ts';
import { desiredDirectives, directiveMutability, isSecretDirective } from '../render/directives.ts';

export type ConfigChange = {
  /** As the file that has it writes it. */
  readonly directive: string;
  /** Arguments of each line; undefined: not in the file. Secrets in the clear: for setting, never for showing. */
  readonly before: readonly (readonly string[])[] | undefined;
  readonly after: readonly (readonly string[])[] | undefined;
  readonly secret: boolean;
  /** How a running server takes it; a directive that was taken out goes back to its default only with a restart. */
  readonly how: 'live' | 'acl' | 'restart' | 'unknown';
};

/**
 * What is different between two versions of a node's redis.conf, as the server would see it: order, spelling and
 * comments do not count. A file that cannot be parsed counts as empty.
 */
export function configChanges(before: string, after: string): readonly ConfigChange[] {
  const [was, is] = [byCanonicalName(before), byCanonicalName(after)];
  return [...new Set([...is.keys(), ...was.keys()])].flatMap((name) => {
    const [old, now] = [was.get(name), is.get(name)];
    if (old && now && sameDirectiveValue(name, old.lines, now.lines)) return [];
    return [
      {
        directive: now?.name ?? old?.name ?? name,
        before: old?.lines,
        after: now?.lines,
        secret: isSecretDirective(name),
        how: now === undefined && directiveMutability(name) !== 'acl' ? 'restart' : directiveMutability(name),
      } as const,
    ];
  });
}

type Found = { readonly name: string; readonly lines: readonly (readonly string[])[] };

function byCanonicalName(conf: string): ReadonlyMap<string, Found> {
  return new Map(
    Object.entries(parse(conf)).map(([name, lines]) => [canonicalDirective(name), { name, lines }] as const),
  );
}

function parse(conf: string): ReturnType<typeof desiredDirectives> {
  try {
    return desiredDirectives(conf);
  } catch {
    return {};
  }
}
