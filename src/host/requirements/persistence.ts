import { desiredDirectives } from '../../render/directives.ts';
import { persistenceOf } from '../start/reads.ts';
import type { HostProblem, Requirement } from './problem.ts';

/** Nodes that are to keep nothing on disk: a crash loses what no replica has, and a stop loses everything. */
export const notePersistence: Requirement = ({ host, desired }) => {
  const nodes = desired.layout.nodes.filter(({ configFile }) => {
    const file = desired.files.find(({ path }) => path === configFile);
    const { appendOnly, snapshots } = persistenceOf(desiredDirectives(file?.content ?? ''));
    return file !== undefined && !appendOnly && !snapshots;
  });
  if (nodes.length === 0) return [];
  const problem: HostProblem = {
    id: 'persistence-off',
    kind: 'warning',
    host: host.name,
    message: `the nodes of ${host.name} keep nothing on disk (appendonly no, save ""): a stop or a power loss of all hosts loses every key`,
    hints: ['Take appendonly and save out of `config` in the inventory where keys matter.'],
  };
  return [problem];
};
