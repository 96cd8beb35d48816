import type { Host, Inventory } from '../../inventory/inventory.ts';
import { type Directives, desiredDirectives } from '../../render/directives.ts';
import type { NodeLayout } from '../../render/layout.ts';
import type { Facts } from '../facts.ts';
import type { HostProblem } from '../requirements/problem.ts';
import { isRunning } from '../services.ts';
import { clearStart, type StartVerdict } from '../start/clearance.ts';
import type { StartQuestion } from '../start/question.ts';
import { noWord, type PeersWord } from '../start/word.ts';
import type { HostStep } from '../step.ts';
import type { Service } from '../service.ts';
import { planFiles } from './files.ts';
import type { PlanInput } from './input.ts';

/** What a start on one host is judged from. */
export type StartContext = {
  readonly inventory: Pick<Inventory, 'server' | 'nodes'>;
  readonly host: Pick<Host, 'name'>;
  readonly facts: Facts;
  readonly layouts: readonly NodeLayout[];
  readonly word: Readonly<Record<string, PeersWord>>;
  /** Data that is where an earlier version of the tool had it is moved before the start. */
  readonly isMoved?: boolean;
};

type Starts = { readonly steps: readonly HostStep[]; readonly problems: readonly HostProblem[] };

/** The steps that have every service running, each judged with the configuration that it has on its host. */
export const planStart = (context: StartContext, services: readonly Service[]): Starts =>
  startsOf(context, services, ({ configFile }) => context.facts.files[configFile]?.content);

/**
 * As `planStart`, with the configuration that the plan's files give it. A folder that is first given its
 * owner, or what is in it, is judged after that.
 */
export function planDesiredStarts(input: PlanInput): Starts {
  const { desired, facts } = input;
  const made = new Set(
    planFiles(input).flatMap((step) =>
      step.kind === 'make-directory'
        ? [step.directory.path]
        : step.kind === 'own-data'
          ? [step.directory]
          : [],
    ),
  );
  const isOpen = ({ node, dataDirectory }: NodeLayout): boolean => {
    const folder = facts.data[node.id]?.folder;
    const isInside = folder?.kind === 'unreadable' && `${folder.path}/`.startsWith(`${dataDirectory}/`);
    return isInside && made.has(dataDirectory);
  };
  const layouts = desired.layout.nodes.filter((layout) => !isOpen(layout));
  return startsOf(
    { ...startContext(input), isMoved: true },
    desired.services.filter(({ node }) => layouts.some((layout) => layout.node.id === node)),
    ({ configFile }) => desired.files.find(({ path }) => path === configFile)?.content,
  );
}

export const startContext = ({ inventory, host, facts, desired, word }: PlanInput): StartContext => ({
  inventory,
  host,
  facts,
  layouts: desired.layout.nodes,
  word,
});

function startsOf(
  context: StartContext,
  services: readonly Service[],
  confOf: (layout: NodeLayout) => string | undefined,
): Starts {
  const verdicts = services
    .filter((service) => !isRunning(service, context.facts))
    .map((service) => judgeService(context, service, confOf));
  return {
    steps: verdicts.flatMap(({ cleared }) =>
      cleared ? [{ kind: 'start-service', ...cleared } as const] : [],
    ),
    problems: verdicts.flatMap(({ problems }) => problems),
  };
}

/** Whether a service may be started with a configuration, given as text. Pure. */
export function judgeService(
  context: StartContext,
  service: Service,
  confOf: (layout: NodeLayout) => string | undefined,
): StartVerdict {
  const question = startQuestion(context, service.node, confOf);
  if (!question) throw new Error(`nothing is known of the folder of ${service.node}`);
  return clearStart(service, question);
}

/** All that a start of a node depends on; undefined for a node that is not of this host. */
export function startQuestion(
  { inventory, host, facts, layouts, word, isMoved = false }: StartContext,
  node: string,
  confOf: (layout: NodeLayout) => string | undefined,
): StartQuestion | undefined {
  const layout = layouts.find((each) => each.node.id === node);
  const data = facts.data[node];
  if (!layout || !data) return undefined;
  return {
    layout,
    host: host.name,
    nodes: inventory.nodes.map(({ id }) => id),
    server: { kind: inventory.server, version: facts.server.installed?.version },
    directives: readable(confOf(layout) ?? ''),
    onDisk: facts.files[layout.configFile]?.content,
    data,
    word: word[node] ?? noWord,
    isMoved,
  };
}

/** A file that somebody broke starts no server at all. */
function readable(conf: string): Directives {
  try {
    return desiredDirectives(conf);
  } catch {
    return {};
  }
}
