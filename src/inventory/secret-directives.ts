import { canonicalDirective } from './directives.ts';

/** What stands for a secret where it was left out. */
export const masked = '***';

/**
 * The one list of redis.conf directives whose value is a secret or holds one, by current name.
 * `rename-command` gives a command a name that nobody is to guess; `loadmodule` hands its arguments to a
 * module, passwords among them.
 */
const secretDirectives: readonly string[] = [
  'requirepass',
  'masterauth',
  'tls-key-file-pass',
  'tls-client-key-file-pass',
  'user',
  'rename-command',
  'loadmodule',
  'sentinel',
];

/** Directives of modules and of servers to come that say by their name what they hold. */
const tellingName = /(?:^|[-_.])(?:\w*pass|password|passwd|passphrase|auth|secret|token|credentials?)$/;

/** Whether the directive's value is a secret, or holds one; in any spelling and case. */
export function isSecretDirective(name: string): boolean {
  const canonical = canonicalDirective(name.toLowerCase());
  return secretDirectives.includes(canonical) || tellingName.test(canonical);
}

/** A secret directive's arguments as they may be shown. */
export function maskArguments(name: string, args: readonly string[]): readonly string[] {
  const [first = '', ...rest] = args;
  switch (canonicalDirective(name.toLowerCase())) {
    case 'user':
      // ACL SETUSER: >password <password #hash !hash
      return args.map((arg) => (/^[#<>!]/.test(arg) ? masked : arg));
    case 'rename-command':
    case 'loadmodule':
      return args.length === 0 ? [] : [first, ...rest.map(maskValue)];
    case 'sentinel':
      return /pass|rename-command/i.test(first)
        ? [first, ...rest.slice(0, -1), ...rest.slice(-1).map(maskValue)]
        : args;
    default:
      return args.map(() => masked);
  }
}

/** An empty value tells nothing: it is unset, or a command that is switched off. */
const maskValue = (value: string): string => (value === '' ? value : masked);
