import { type Directives, desiredDirectives } from '../../render/directives.ts';
import { hasFrequentPoint } from '../../render/setting-risk.ts';
import { persistenceOf } from '../start/reads.ts';
import type { Requirement } from './requirement.ts';

/** Nodes that are to keep nothing on disk: a crash loses what no replica has, and a stop loses everything. */
export const notePersistence: Requirement = ({ host, desired }) => {
  const kept = desired.layout.nodes.flatMap(({ configFile }) => {
    const file = desired.files.find(({ path }) => path === configFile);
    return file ? [keeps(desiredDirectives(file.content))] : [];
  });
  const message = kept.includes('nothing')
    ? `the nodes of ${host.name} keep nothing on disk (appendonly no, save ""): a stop or a power loss of all hosts loses every key`
    : kept.includes('rare')
      ? `the nodes of ${host.name} save snapshots alone, and seldom (appendonly no, save without a point such as 3600 1): a power loss of all hosts loses hours of writes`
      : undefined;
  if (message === undefined) return [];
  const hints = ['Take appendonly and save out of `config` in the inventory where keys matter.'];
  return [{ id: 'persistence-off', kind: 'warning', host: host.name, message, hints }];
};

function keeps(directives: Directives): 'nothing' | 'rare' | 'enough' {
  const { appendOnly, snapshots } = persistenceOf(directives);
  if (appendOnly) return 'enough';
  if (!snapshots) return 'nothing';
  const points = directives['save']?.map((words) => words.join(' ')).join(' ');
  return points === undefined || hasFrequentPoint(points) ? 'enough' : 'rare';
}
