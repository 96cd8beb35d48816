import { readFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import Handlebars from 'handlebars';
import { packageFile } from '../base/package-file.ts';
import { quote } from './redis-conf.ts';

const hostTemplates = [
  'redis.conf',
  'weedgo-redis@.service',
  'sysctl.conf',
  'tmpfiles.conf',
  'logrotate',
  'needrestart.conf',
  'start-guard.sh',
] as const;

export type TemplateName = (typeof hostTemplates)[number] | 'docker-compose.yml';

type Context = Readonly<Record<string, string | boolean>>;
type Helpers = Readonly<Record<string, (...args: readonly string[]) => string>>;

const compiled = new Map<TemplateName, Handlebars.TemplateDelegate>();

/**
 * A file from `templates/NAME.hbs`. Nothing is escaped here: every value that is not the tool's own goes
 * through a helper that quotes it for its format. A name that the context lacks throws, an unknown helper
 * does not compile.
 */
export function fillTemplate(name: TemplateName, context: Context, helpers: Helpers = {}): string {
  const template = compile(name);
  const bound = Object.entries(helpers).map(
    ([helper, run]) =>
      [helper, (...args: readonly unknown[]) => run(...args.slice(0, -1).map(asText))] as const,
  );
  return template(context, { helpers: Object.fromEntries(bound) });
}

/** Reads what hosts get, a template at a time, for who waits for the hosts anyway: parsing is slow. */
export async function prepareTemplates(): Promise<void> {
  for (const name of hostTemplates) {
    await setImmediate();
    compile(name);
  }
}

function compile(name: TemplateName): Handlebars.TemplateDelegate {
  const known = compiled.get(name);
  if (known) return known;
  const text = readFileSync(packageFile(`templates/${name}.hbs`), 'utf8');
  const template = Handlebars.create().compile(Handlebars.parse(text), {
    noEscape: true,
    strict: true,
    knownHelpersOnly: true,
    knownHelpers: { set: true, rest: true, yaml: true },
  });
  compiled.set(name, template);
  return template;
}

/** Strict mode lets a missing helper argument through as undefined. */
function asText(value: unknown): string {
  if (typeof value === 'string') return value;
  throw new TypeError(`a template passed ${typeof value} where text belongs`);
}

/** One line of redis.conf; every argument is quoted. */
export function directiveLine(name: string, args: readonly string[]): string {
  return [name, ...args.map(quote)].join(' ');
}
