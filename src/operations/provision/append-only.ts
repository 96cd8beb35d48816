import type { SwitchStep } from '../../cluster/step.ts';
import type { NodeData } from '../../host/facts.ts';
import type { PlanInput } from '../../host/planning/input.ts';
import { judgeService, startContext } from '../../host/planning/starts.ts';
import {
  appendOnlyContent,
  dumpContent,
  dumpHasAll,
  isBaseComplete,
  isFirstRewrite,
  persistenceOf,
} from '../../host/start/reads.ts';
import type { NodeLayout } from '../../render/layout.ts';
import type { RenderedFile } from '../../render/render.ts';
import { planFiles } from '../../host/planning/files.ts';
import type { HostSteps } from '../apply-on-hosts.ts';
import { readable } from '../../render/directives.ts';
import type { RunningNode } from './running-node.ts';
import { keepLimits } from './safe-settings.ts';

/**
 * What a running node's change of `appendonly` still needs, as it is seen: its value, its file's, and whether
 * what it holds is on disk already. So a run that was interrupted anywhere is continued.
 */
export function planSwitch({ view, desired, onDisk, data, version }: RunningNode): readonly SwitchStep[] {
  const [wanted, filed] = [persistenceOf(desired).appendOnly, persistenceOf(onDisk).appendOnly];
  const { node, config, info } = view;
  const isOn = config['appendonly'] === 'yes';
  const to = wanted ? 'yes' : 'no';
  if (wanted !== isOn) return [{ kind: 'switch-append-only', node, to, why: `is ${isOn ? 'yes' : 'no'}` }];
  const { folder } = data;
  if (!wanted) {
    // Where the file says so already, an earlier run may have ended before the snapshot that the next start
    // reads.
    const isPending = folder.kind === 'read' ? !dumpHasAll(folder) : filed;
    const why = 'no snapshot has everything yet';
    return isPending ? [{ kind: 'switch-append-only', node, to, isOff: true, why }] : [];
  }
  const isBegun = folder.kind === 'read' && isFirstRewrite(folder, info);
  // The file may say so from before it was switched off by hand.
  if (isBegun)
    return [{ kind: 'switch-append-only', node, to, isOn: true, why: 'its first rewrite is running' }];
  if (filed) return [];
  const isPending =
    info['aof_rewrite_in_progress'] === '1' ||
    info['aof_rewrite_scheduled'] === '1' ||
    info['aof_last_bgrewrite_status'] === 'err' ||
    (folder.kind === 'read' && !isBaseComplete(folder, version));
  return isPending ? [{ kind: 'switch-append-only', node, to, why: 'not everything is on disk yet' }] : [];
}

/**
 * The input with the files that may be written now: a file's `appendonly` stays what it is until the running
 * node has everything on disk in the new form. A node that is down is started with what it last ran with, and
 * changed while it runs: that goes for limits that may delete keys as well (`keepLimits`).
 */
export function holdBack(input: PlanInput, running: readonly RunningNode[]): PlanInput {
  const { desired } = input;
  const files = desired.files.map((file) => {
    const layout = desired.layout.nodes.find(({ configFile }) => configFile === file.path);
    return layout ? heldBack(input, { layout, file, running }) : file;
  });
  return { ...input, desired: { ...desired, files } };
}

/**
 * The steps that have the files of these nodes say what the inventory does, whatever would hold them back.
 */
export const planFilesOf = (
  wanted: ReadonlyMap<string, PlanInput>,
  nodes: readonly string[],
): readonly HostSteps[] =>
  [...wanted].flatMap(([host, input]) => {
    const paths = input.desired.layout.nodes
      .filter(({ node }) => nodes.includes(node.id))
      .map(({ configFile }) => configFile);
    const steps = planFiles(input).filter(
      (step) => step.kind === 'write-file' && paths.includes(step.file.path),
    );
    return steps.length > 0 ? [[host, steps] as const] : [];
  });

type Held = {
  readonly layout: NodeLayout;
  readonly file: RenderedFile;
  readonly running: readonly RunningNode[];
};

function heldBack(input: PlanInput, held: Held): RenderedFile {
  const { layout, running } = held;
  const { facts, desired } = input;
  const id = layout.node.id;
  const before = facts.files[held.file.path]?.content ?? facts.data[id]?.former?.configuration;
  if (before === undefined) return held.file;
  const file = withLimits(input, held, before);
  const filed = persistenceOf(readable(before)).appendOnly;
  if (filed === persistenceOf(readable(file.content)).appendOnly) return file;
  const kept = withAppendOnly(file, filed ? 'yes' : 'no');
  const node = running.find(({ view }) => view.node === id);
  if (node) return planSwitch(node).length > 0 ? kept : file;
  if (facts.processes[id] !== undefined) return kept;
  if (isBare(facts.data[id], facts.server.installed?.version)) return file;
  const service = desired.services.find((each) => each.node === id);
  const isSafe = (candidate: RenderedFile): boolean =>
    service !== undefined &&
    judgeService(startContext(input), service, () => candidate.content).cleared !== undefined;
  return isSafe(kept) || !isSafe(file) ? kept : file;
}

/**
 * A node that was not seen running may hold keys, unless nothing lies in its folder and it has no process.
 */
function withLimits({ facts }: PlanInput, { layout, file, running }: Held, before: string): RenderedFile {
  const { id } = layout.node;
  const isBareAndDown =
    facts.processes[id] === undefined && isBare(facts.data[id], facts.server.installed?.version);
  if (running.some(({ view }) => view.node === id) || isBareAndDown) return file;
  return { ...file, content: keepLimits(file.content, before) };
}

const withAppendOnly = (file: RenderedFile, value: 'yes' | 'no'): RenderedFile => ({
  ...file,
  content: file.content.replace(/^appendonly .*$/m, `appendonly "${value}"`),
});

/** Nothing lies there that either value would read. */
function isBare(data: NodeData | undefined, version: string | undefined): boolean {
  const folder = data?.folder;
  if (folder === undefined || folder.kind === 'unreadable') return false;
  return (
    folder.kind === 'absent' ||
    (appendOnlyContent(folder, version) === 'nothing' && dumpContent(folder) === 'nothing')
  );
}
