import type { ProcessState } from './facts.ts';

/**
 * CONFIG GET of a node with `dir` as its file says it, where the process works in that folder: the server
 * shows the folder's own path, which differs where a link leads to it, and none where the folder was removed.
 */
export function liveConfig(
  config: Readonly<Record<string, string>>,
  process: ProcessState | undefined,
  dataDirectory: string,
): Readonly<Record<string, string>> {
  const isKnown = process !== undefined && process.folder !== 'other';
  return isKnown && config['dir'] !== undefined ? { ...config, dir: dataDirectory } : config;
}
