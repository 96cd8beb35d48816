import { UsageError } from '../../base/errors.ts';
import { renderComposeFiles, renderFiles } from '../../operations/render/render.ts';
import { namedInventory } from '../inventory-path.ts';
import type { CommandRun, Invocation } from '../command.ts';

export const run: CommandRun = async (invocation) => {
  const inventory = await namedInventory(invocation);
  const request = {
    inventory,
    show: invocation.prompter.show,
    directory: directoryOf(invocation),
    showSecrets: invocation.options['showSecrets'] === true,
  };
  const rendered = await (whatOf(invocation) === 'compose'
    ? renderComposeFiles(request)
    : renderFiles(request));
  const note = rendered.masked ? ['Passwords are masked; --show-secrets writes the real ones.'] : [];
  return { data: { ok: true, ...rendered }, text: [...rendered.files, ...note].join('\n') };
};

function whatOf({ args }: Invocation): 'files' | 'compose' {
  const [what = 'files'] = args;
  if (what === 'files' || what === 'compose') return what;
  throw new UsageError(`render knows "files" and "compose", not "${what}"`);
}

function directoryOf({ options }: Invocation): string {
  if (typeof options['output'] === 'string') return options['output'];
  throw new UsageError('render needs a folder to write to: -o DIR');
}
