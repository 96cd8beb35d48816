import type { ReachableView } from '../../cluster/view.ts';
import type { FolderContents } from '../../host/facts.ts';
import { startQuestion } from '../../host/planning/starts.ts';
import { dateOf } from '../../host/start/copy.ts';
import { judgeUnread } from '../../host/start/judge.ts';
import { judgeNames } from '../../host/start/names.ts';
import type { StartQuestion } from '../../host/start/question.ts';
import { appendOnlyContent, persistenceOf } from '../../host/start/reads.ts';
import { layoutOf } from '../../render/layout.ts';
import type { Check, Finding } from '../check.ts';
import type { CheckInput } from '../input.ts';
import { ours } from '../remedy.ts';
import { titled } from '../shared.ts';

/** Nodes that run, and whose configuration file would not read what they write now. */
export const nextStart: Check = {
  name: 'readable at the next start',
  section: 'persistence',
  run: (input, { reachable }) =>
    reachable.flatMap((view) => {
      const question = questionOf(input, view);
      const folder = question?.data.folder;
      if (!question || folder?.kind !== 'read') return [];
      const gap = gapOf(question, folder, view);
      return gap ? [describe(input, view, gap)] : [];
    }),
};

function questionOf({ inventory, hosts }: CheckInput, { node }: ReachableView): StartQuestion | undefined {
  const host = inventory.hosts.find(({ nodes }) => nodes.some(({ id }) => id === node));
  const seen = host && hosts[host.name];
  if (!host || seen?.reachable !== true) return undefined;
  const { facts } = seen;
  // Without its folder the node has another finding, as it has without a file.
  if (facts.processes[node]?.folder !== 'own') return undefined;
  const layouts = layoutOf(inventory, host).nodes;
  const question = startQuestion(
    { inventory, host, facts, layouts, word: {} },
    node,
    ({ configFile }) => facts.files[configFile]?.content,
  );
  // A file that nobody can read starts no server at all, and is a finding of its own.
  return question && Object.keys(question.directives).length > 0 ? question : undefined;
}

type Gap = { readonly seen: string; readonly loses: boolean };

function gapOf(question: StartQuestion, folder: FolderContents, { config }: ReachableView): Gap | undefined {
  const [name] = judgeNames(question);
  if (name) return { seen: name.message, loses: true };
  const filed = persistenceOf(question.directives).appendOnly;
  const isOn = config['appendonly'] === 'yes';
  if (filed && !isOn) {
    const files = appendOnlyContent(folder, question.server.version);
    const end = files === 'nothing' ? 'there are none' : `they end at ${dateOf(lastWrite(folder))} (UTC)`;
    return {
      seen: `the server runs with appendonly no; its file says yes, so that a start reads append-only files, and ${end}`,
      loses: true,
    };
  }
  if (!filed && isOn)
    return {
      seen: 'the server runs with appendonly yes; its file says no, so that a start reads dump.rdb alone',
      loses: false,
    };
  const [unread] = filed ? [] : judgeUnread(question, folder);
  return unread && { seen: unread.message, loses: false };
}

const lastWrite = ({ appendOnly = [], single }: FolderContents): number =>
  Math.max(0, single?.modified ?? 0, ...appendOnly.map(({ file }) => file?.modified ?? 0));

/** Where newer append-only files lie unread, the guard and `start` refuse: nothing is overwritten. */
function describe({ inventory }: CheckInput, { node, keys }: ReachableView, { seen, loses }: Gap): Finding {
  return {
    id: 'WR-NEXT-START',
    severity: loses && keys > 0 ? 'critical' : 'warning',
    ...titled(node, 'the next start of {} would not read what {it writes|they write} now'),
    nodes: [node],
    hosts: [],
    seen,
    expected: 'a configuration file that has the server read what it writes',
    why: loses
      ? 'A crash now loses what was written since, although it may be on the disk.'
      : 'After a crash the node stays down until an operator has decided which files count.',
    remedy: [ours(inventory, 'provision')],
    explains: [{ ids: ['WR-CONFIG-LIVE', 'WR-CONFIG-FILE', 'WR-CONFIG-PENDING'], nodes: [node] }],
  };
}
