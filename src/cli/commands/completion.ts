import { readFile } from 'node:fs/promises';
import { UsageError, WeedgoError } from '../../base/errors.ts';
import { packageFile } from '../../base/package-file.ts';
import { loadInventory } from '../../inventory/load.ts';
import type { CommandRun } from '../command.ts';
import { type Names, offersFor } from '../completion/offers.ts';
import { resolveInventoryPath } from '../inventory-path.ts';

export const run: CommandRun = async ({ args: [shell = '', ...rest] }) => {
  if (!['bash', 'zsh', 'fish'].includes(shell))
    throw new UsageError(`completion knows bash, zsh and fish, not "${shell}"`);
  if (rest.length === 0) {
    const script = await readFile(packageFile(`templates/completion.${shell}`), 'utf8');
    return { data: { ok: true, script }, text: script.trimEnd() };
  }
  const words = rest.map((word) => word ?? '');
  const { offers, files } = offersFor(words, await namesOf(words));
  const lines = offers.map(({ value, description }) => `${value}\t${description}`);
  return { data: { ok: true, offers, files }, text: [...lines, ...(files ? [':files'] : [])].join('\n') };
};

/** Of the inventory that the words name. One that cannot be read has no names: a shell shows no errors. */
async function namesOf(words: readonly string[]): Promise<Names> {
  const at = words.findIndex((word) => word === '-i' || word === '--inventory');
  const joined = words.find((word) => word.startsWith('--inventory='))?.replace('--inventory=', '');
  const named = joined ?? (at === -1 ? undefined : words[at + 1]);
  try {
    const { nodes, hosts } = await loadInventory(resolveInventoryPath(named).file);
    return {
      nodes: nodes.map(({ id }) => id),
      shards: [...new Set(nodes.map(({ shard }) => String(shard)))],
      hosts: hosts.map(({ name }) => name),
    };
  } catch (error) {
    if (error instanceof WeedgoError) return { nodes: [], shards: [], hosts: [] };
    throw error;
  }
}
