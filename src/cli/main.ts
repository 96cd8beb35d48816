import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { exitCodes, UsageError } from '../base/errors.ts';
import { packageFile } from '../base/package-file.ts';
import { categories, type CommandSpec } from './command.ts';
import { outliveReaders, printJson, printNote, printResult, takeOverWarnings } from './output.ts';
import { commands, globalOptions } from './registry.ts';

/**
 * The command line. Only commander is loaded before a command is known, so that `--help` and `--version`
 * start as fast as Node does.
 */
export async function main(argv: readonly string[]): Promise<void> {
  outliveReaders(() => process.exit(exitCodes.failed));
  takeOverWarnings();
  reportDefects();
  try {
    await buildProgram().parseAsync([...argv], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    process.exitCode = error.exitCode === 0 ? exitCodes.ok : await refuse(error, argv);
  }
}

/** What nobody caught is a defect; what it quotes is made harmless like everything else. */
function reportDefects(): void {
  process.on('uncaughtException', (error) => {
    printNote(`internal error: ${error.stack ?? error.message}`);
    process.exit(exitCodes.failed);
  });
}

/** commander has told people on stderr; programs that asked for JSON get it. */
async function refuse({ message }: CommanderError, argv: readonly string[]): Promise<number> {
  if (argv.includes('--json')) {
    const { failureDocument } = await import('./failure.ts');
    printJson(failureDocument(new UsageError(message.replace(/^error: /, ''))));
  }
  return exitCodes.usage;
}

function buildProgram(): Command {
  const program = new Command('weedgo-redis')
    .description(
      'From bare Linux hosts to a verified, hardened Redis Cluster over SSH, and through its whole life.',
    )
    .version(readVersion(), '-V, --version', 'print the version')
    .showHelpAfterError('(weedgo-redis --help lists the commands)')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => printResult(text.trimEnd()),
      writeErr: (text) => printNote(text.trimEnd()),
    })
    .exitOverride();
  for (const [flags, description] of globalOptions) program.option(flags, description);
  for (const category of categories) {
    for (const spec of commands) if (spec.category === category) addCommand(program, spec);
  }
  return program.commandsGroup('Help:');
}

function addCommand(program: Command, spec: CommandSpec): void {
  const command = program
    .command(spec.name)
    .description(spec.summary)
    .helpGroup(`${spec.category}:`)
    .showHelpAfterError(`(weedgo-redis ${spec.name} --help lists what it takes)`);
  for (const [syntax, description] of spec.arguments ?? []) command.argument(syntax, description);
  for (const [flags, description] of spec.options ?? []) command.option(flags, description);
  if (spec.examples)
    command.addHelpText('after', `\nExamples:\n${spec.examples.map((line) => `  ${line}`).join('\n')}`);
  command.action(async () => {
    const { runCommand } = await import('./run.ts');
    process.exitCode = await runCommand(spec, {
      args: command.processedArgs,
      options: command.opts(),
      global: program.opts(),
    });
  });
}

function readVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(packageFile('package.json'), 'utf8'));
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest
    ? String(manifest.version)
    : '';
}

await main(process.argv.slice(2));
