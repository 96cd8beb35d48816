import { canonicalDirective } from '../inventory/directives.ts';
import { isSecretDirective } from '../inventory/secret-directives.ts';
import { sameDirectiveValue } from './compare.ts';
import { type Directives, directiveMutability, isLiveDirective } from './directives.ts';

/** One directive whose live value is not the desired one. */
export type DirectiveChange = {
  readonly directive: string;
  /** As CONFIG GET showed it. */
  readonly from: string;
  /** As CONFIG SET takes it. */
  readonly to: string;
};

/** How a running server differs from its desired redis.conf. */
export type ConfigChanges = {
  /** CONFIG SET changes these at once. */
  readonly live: readonly DirectiveChange[];
  /** Only a restart changes these. */
  readonly restart: readonly DirectiveChange[];
  /** The inventory has a password and the server asks for none; the value is not here. */
  readonly passwordMissing: boolean;
};

/**
 * Compares desired directives with what CONFIG GET shows, secrets masked. Directives that the server does not
 * show are left out: it does not know them, or only at start.
 */
export function compareWithLive(desired: Directives, live: Readonly<Record<string, string>>): ConfigChanges {
  const shown = new Map(Object.entries(live).map(([name, value]) => [canonicalDirective(name), value]));
  const differing = Object.entries(desired).flatMap(([name, lines]): readonly DirectiveChange[] => {
    const from = shown.get(canonicalDirective(name));
    if (from === undefined || !isLiveDirective(name) || sameDirectiveValue(name, lines, from)) return [];
    return [{ directive: name, from, to: lines.map((args) => args.join(' ')).join(' ') }];
  });
  const plain = differing.filter(({ directive }) => !isSecretDirective(directive));
  return {
    live: plain.filter(({ directive }) => directiveMutability(directive) !== 'restart'),
    restart: plain.filter(({ directive }) => directiveMutability(directive) === 'restart'),
    passwordMissing: differing.length > plain.length,
  };
}
