/**
 * Writes `docs/commands.md` and the man page from the commands' declarations; with --check it fails when one
 * of them is stale.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { categories, type CommandSpec, type Parameter } from '../src/cli/command.ts';
import { commands, globalOptions } from '../src/cli/registry.ts';

const docs = join(import.meta.dirname, '../docs');
const ends: readonly (readonly [code: string, meaning: string])[] = [
  ['0', 'done, or nothing to do'],
  ['1', 'an operation failed'],
  ['2', 'the command line or the inventory is wrong; nothing was contacted'],
  ['3', 'findings, or something to do where --exit-code asks for it'],
  ['4', 'refused: a guard, a missing confirmation, or another operator holds the lock'],
  ['130', 'interrupted at a step boundary; a rerun resumes'],
];

const usageOf = ({ name, arguments: args = [], options = [] }: CommandSpec): string =>
  [
    'weedgo-redis',
    name,
    ...args.map(([syntax]) => syntax),
    ...(options.length > 0 ? ['[OPTION…]'] : []),
  ].join(' ');

function reference(): string {
  const sections = categories.map((category) => {
    const own = commands.filter((spec) => spec.category === category);
    return `## ${category}\n\n${own.map(commandText).join('\n')}`;
  });
  return `# Commands

Every command with its arguments and options, as \`--help\` has them. Made by \`npm run commands\`. How they end, ask and print
is in [cli.md](cli.md).

Options of every command:

${tableOf(globalOptions)}
${sections.join('\n')}`;
}

function commandText(spec: CommandSpec): string {
  const parameters = [...(spec.arguments ?? []), ...(spec.options ?? [])];
  const table = parameters.length > 0 ? `\n${tableOf(parameters)}` : '';
  const examples = (spec.examples ?? []).map((line) => `    ${line}\n`).join('');
  return `### ${spec.name}

    ${usageOf(spec)}

${capitalised(spec.summary)}.
${table}${examples === '' ? '' : `\nFor example:\n\n${examples}`}`;
}

const tableOf = (parameters: readonly Parameter[]): string =>
  `| | |\n|---|---|\n${parameters.map(([syntax, description]) => `| \`${syntax}\` | ${description.replaceAll('|', String.raw`\|`)} |\n`).join('')}`;

const capitalised = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** man(7). A line that begins with a dot or a quote, and a backslash, would be an instruction to roff. */
function manPage(): string {
  const sections = categories.flatMap((category) => [
    `.SS ${category}`,
    ...commands.filter((spec) => spec.category === category).flatMap(manCommand),
  ]);
  const examples = commands.flatMap((spec) => spec.examples ?? []);
  const lines = [
    '.TH WEEDGO-REDIS 1',
    '.SH NAME',
    `weedgo-redis ${String.raw`\-`} makes, verifies and operates Redis Clusters over SSH`,
    '.SH SYNOPSIS',
    `.B weedgo-redis\n[${roff('-i FILE')}] [${roff('OPTION')}] ${roff('COMMAND')}`,
    '.SH OPTIONS',
    ...globalOptions.flatMap(manParameter),
    '.SH COMMANDS',
    ...sections,
    '.SH EXIT STATUS',
    ...ends.flatMap(([code, meaning]) => ['.TP', `.B ${code}`, roff(meaning)]),
    '.SH EXAMPLES',
    '.nf',
    ...examples.map(roff),
    '.fi',
  ];
  return `${lines.join('\n')}\n`;
}

const manCommand = (spec: CommandSpec): readonly string[] => [
  '.TP',
  `.B ${roff(usageOf(spec).replace('weedgo-redis ', ''))}`,
  `${roff(capitalised(spec.summary))}.`,
  ...[...(spec.arguments ?? []), ...(spec.options ?? [])].flatMap((parameter) => [
    '.RS',
    ...manParameter(parameter),
    '.RE',
  ]),
];

const manParameter = ([syntax, description]: Parameter): readonly string[] => [
  '.TP',
  `.B ${roff(syntax)}`,
  roff(description),
];

const roff = (text: string): string =>
  text
    .replaceAll('\\', String.raw`\e`)
    .replaceAll('-', String.raw`\-`)
    .replaceAll('…', '...')
    .replace(/^(?=[.'])/, String.raw`\&`);

const pages: Readonly<Record<string, string>> = { 'commands.md': reference(), 'weedgo-redis.1': manPage() };
for (const [name, text] of Object.entries(pages)) {
  const file = join(docs, name);
  if (!process.argv.includes('--check')) writeFileSync(file, text);
  else if (readFileSync(file, 'utf8') !== text) {
    console.error(`docs/${name} is stale: npm run commands`);
    process.exitCode = 1;
  }
}
