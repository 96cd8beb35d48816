import { resolveSecrets } from '../../inventory/secrets.ts';
import { renderEnv } from '../../operations/env/env.ts';
import type { CommandRun } from '../command.ts';
import { namedInventory } from '../inventory-path.ts';

export const run: CommandRun = async (invocation) => {
  const { options, prompter } = invocation;
  const inventory = await namedInventory(invocation);
  const secrets =
    options['showSecrets'] === true ? await resolveSecrets(inventory, prompter.show) : undefined;
  const env = renderEnv(inventory, secrets);
  return { data: { ok: true, env }, text: env.trimEnd() };
};
