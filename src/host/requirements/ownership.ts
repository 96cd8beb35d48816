import { parseHeader } from '../../render/header.ts';
import type { NodeLayout } from '../../render/layout.ts';
import type { PlanInput } from '../planning/input.ts';
import type { HostProblem } from './problem.ts';
import type { Requirement } from './requirement.ts';

/** What a server leaves in its data directory: data, append-only files, its knowledge of a cluster. */
export const isData = (name: string): boolean => /^nodes.*\.conf$|\.rdb$|\.aof$|^appendonlydir$/.test(name);

/**
 * Nothing of another's is taken over: a node's configuration is ours and of this cluster, or not there at
 * all; then its data directory must hold no data either.
 */
export const requireOwnership: Requirement = (input) =>
  input.desired.layout.nodes.flatMap((layout) => {
    const file = input.facts.files[layout.configFile];
    const problem = file ? judgeFile(input, layout, file.content) : judgeDirectory(input, layout);
    return problem ? [problem] : [];
  });

function judgeFile(input: PlanInput, layout: NodeLayout, content: string): HostProblem | undefined {
  const { configFile, node } = layout;
  const header = parseHeader(content);
  if (header?.cluster === input.inventory.cluster) return undefined;
  const whose =
    header?.cluster === undefined
      ? 'was not written by weedgo-redis'
      : `belongs to cluster ${header.cluster}`;
  return refused(input, layout, {
    message: `${node.id}: ${configFile} ${whose}; it is not touched`,
    hints: [
      'Give the node another port in the inventory, or',
      `move the file and ${layout.dataDirectory} away on ${input.host.name} when they are not needed.`,
    ],
  });
}

function judgeDirectory(input: PlanInput, layout: NodeLayout): HostProblem | undefined {
  const { dataDirectory, configFile, node } = layout;
  const data = input.facts.directories[dataDirectory]?.entries.filter(isData) ?? [];
  // Its former configuration says whose it is: it was moved, and the next plan writes its configuration.
  if (data.length === 0 || input.facts.data[node.id]?.former) return undefined;
  // Its configuration was removed, and the cluster that the inventory's password opens says that it is a
  // member.
  if (input.word[node.id]?.isMember) return undefined;
  return refused(input, layout, {
    message: `${node.id}: ${dataDirectory} holds data (${data.join(', ')}) for which there is no configuration of this tool`,
    hints: [
      `If it is this node's, put its configuration back: ${configFile}.`,
      `Else move ${dataDirectory} away on ${input.host.name}; nothing there is deleted for you.`,
    ],
  });
}

const refused = (
  { host }: PlanInput,
  { node }: NodeLayout,
  text: Pick<HostProblem, 'message' | 'hints'>,
): HostProblem => ({ id: 'foreign-data', kind: 'refused', host: host.name, node: node.id, ...text });
