import { loadInventory } from '../../inventory/load.ts';
import { resolveSecrets } from '../../inventory/secrets.ts';
import { renderEnv } from '../../operations/env.ts';
import type { CommandRun } from '../command.ts';

export const run: CommandRun = async ({ global, options }) => {
  const inventory = await loadInventory(global.inventory);
  const secrets =
    options['showSecrets'] === true ? await resolveSecrets(inventory, { create: false }) : undefined;
  const env = renderEnv(inventory, secrets);
  return { data: { ok: true, env }, text: env.trimEnd() };
};
