import {
  canonicalDirective,
  directiveArguments,
  directiveKind,
  knownDirectives,
  repeatable,
} from './directives.ts';
import type { DirectiveKind } from './directives.ts';
import { listing } from './fault.ts';
import type { Fault } from './fault.ts';
import { whyOwned } from './owned.ts';
import { nearest } from './suggest.ts';

/** The inventory's own directives: owned ones, misspelt ones and values that Redis would not start with. */
export function checkConfig(config: Readonly<Record<string, unknown>>): readonly Fault[] {
  return Object.entries(config).flatMap(([name, value]) => {
    const path = ['config', name];
    const misnamed = checkName(name) ?? checkTwin(name, config);
    if (misnamed !== undefined) return [{ path, at: 'key' as const, message: misnamed }];
    const message = checkValue(name, value);
    return message === undefined ? [] : [{ path, message }];
  });
}

function checkName(name: string): string | undefined {
  const lower = name.toLowerCase();
  const why = whyOwned(lower);
  if (why !== undefined) return `"${name}" belongs to the tool: ${why}; leave it out`;
  if (name !== lower) return `write directives in lower case: ${lower}`;
  if (!/^[a-z][a-z0-9_-]*(\.[a-z0-9_-]+)?$/.test(name)) return `"${name}" is not a redis.conf directive`;
  if (directiveKind(name) !== undefined) return undefined;
  const meant = nearest(name, knownDirectives, 2);
  return meant === undefined ? undefined : `"${name}" is not a directive of Redis; did you mean "${meant}"?`;
}

function checkTwin(name: string, config: Readonly<Record<string, unknown>>): string | undefined {
  const canonical = canonicalDirective(name);
  if (canonical === name || !Object.hasOwn(config, canonical)) return undefined;
  return `"${name}" is the older name of "${canonical}", which is here as well; keep one of them`;
}

function checkValue(name: string, value: unknown): string | undefined {
  const items: readonly unknown[] = Array.isArray(value) ? value : [value];
  const readable = Array.isArray(value) ? ['string'] : ['string', 'number', 'boolean'];
  if (!items.every((item) => readable.includes(typeof item))) return undefined;
  if (Array.isArray(value) && directiveKind(name) !== undefined && !repeatable.has(name)) {
    return `"${name}" stands on one line; write one value instead of a list`;
  }
  for (const item of items) {
    const message = checkItem(name, String(item));
    if (message !== undefined) return message;
  }
  return undefined;
}

function checkItem(name: string, value: string): string | undefined {
  if (value.includes('\0')) return 'a value cannot hold a NUL character';
  const kind = directiveKind(name);
  const form = kind === undefined ? undefined : forms[kind];
  if (form !== undefined && !form.pattern.test(value)) return `"${value}" is not ${form.right}`;
  return checkMeaning(name, value);
}

const forms: Readonly<Partial<Record<DirectiveKind, { readonly pattern: RegExp; readonly right: string }>>> =
  {
    boolean: { pattern: /^(yes|no|true|false)$/i, right: 'yes or no' },
    number: { pattern: /^-?\d+$/, right: 'a whole number' },
    memory: { pattern: /^\d+(b|kb?|mb?|gb?|%)?$/i, right: 'an amount of memory; write 2gb, 512mb or bytes' },
  };

const choices: Readonly<Record<string, readonly string[]>> = {
  appendfsync: ['always', 'everysec', 'no'],
  loglevel: ['debug', 'verbose', 'notice', 'warning', 'nothing'],
  'maxmemory-policy': [
    'noeviction',
    'volatile-ttl',
    'volatile-lru',
    'volatile-lfu',
    'volatile-random',
    'allkeys-lru',
    'allkeys-lfu',
    'allkeys-random',
  ],
};

function checkMeaning(name: string, value: string): string | undefined {
  const allowed = Object.hasOwn(choices, name) ? choices[name] : undefined;
  if (allowed !== undefined && !allowed.includes(value.toLowerCase())) {
    return `"${value}" is not a value of ${name}; write ${listing(allowed, 'or')}`;
  }
  if (name === 'cluster-preferred-endpoint-type' && value.toLowerCase() !== 'ip') {
    return `clients would be sent to "${value}" of nodes that announce an IP address alone; leave it out`;
  }
  if (name === 'cluster-node-timeout' && Number(value) < 500) {
    return `${value} milliseconds would make every pause a failover; write 5000 to 15000`;
  }
  const args = directiveArguments(name, value);
  if (name === 'save' && value.trim() !== '' && (args.length % 2 === 1 || !args.every(isCount))) {
    return `"${value}" is not pairs of seconds and changes; write "900 1" or "" for no snapshots`;
  }
  if (name === 'client-output-buffer-limit' && !isBufferLimit(args)) {
    return `"${value}" is not CLASS HARD SOFT SECONDS; write "replica 256mb 64mb 60"`;
  }
  return undefined;
}

function isCount(text: string): boolean {
  return /^\d+$/.test(text);
}

function isBufferLimit(args: readonly string[]): boolean {
  if (args.length === 0 || args.length % 4 !== 0) return false;
  const patterns = [
    /^(normal|replica|slave|pubsub)$/i,
    forms.memory?.pattern,
    forms.memory?.pattern,
    /^\d+$/,
  ];
  return args.every((arg, index) => patterns[index % 4]?.test(arg) ?? true);
}
