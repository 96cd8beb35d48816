import { randomBytes } from 'node:crypto';
import { OperationError } from '../../base/errors.ts';
import type { Shell } from '../../ssh/shell.ts';
import { splitSections } from '../facts/sections.ts';
import type { Evidence } from './evidence.ts';
import { parseEvidence } from './parse.ts';
import { evidenceScript, type Suspect } from './script.ts';

/**
 * Looks at why nodes of a host do not run, in one round trip, by node id. Resolves to nothing where the host
 * does not answer: then nothing is known, and nothing is concluded.
 */
export async function readEvidence(
  shell: Shell,
  suspects: readonly Suspect[],
  signal?: AbortSignal,
): Promise<Readonly<Record<string, Evidence>>> {
  if (suspects.length === 0) return {};
  const marker = `evidence-${randomBytes(12).toString('hex')}`;
  try {
    const { stdout } = await shell.run({
      script: evidenceScript(marker, suspects),
      asRoot: true,
      ...(signal && { signal }),
    });
    const sections = splitSections(stdout, marker);
    if (sections.size === 0) return {};
    return Object.fromEntries(
      suspects.map(({ layout }, index) => [layout.node.id, parseEvidence(sections, index)]),
    );
  } catch (error) {
    if (error instanceof OperationError) return {};
    throw error;
  }
}
