import { peersWords } from '../checks/start-word.ts';
import { desiredHost } from '../host/desired.ts';
import type { PlanInput } from '../host/planning/input.ts';
import type { PeersWord } from '../host/start/word.ts';
import type { Host, Inventory, Secrets } from '../inventory/inventory.ts';
import type { Observation } from './observe.ts';

type InputRequest = {
  readonly inventory: Inventory;
  readonly secrets: Secrets;
  readonly observation: Observation;
  /** See `PlanInput`. */
  readonly refreshed?: boolean;
  /** Shards that are to start without their keys. */
  readonly lost?: { readonly shards: readonly number[] } | undefined;
};

/** What each host that could be asked is planned from, by name. */
export function planInputs({
  inventory,
  secrets,
  observation,
  refreshed = false,
  lost,
}: InputRequest): ReadonlyMap<string, PlanInput> {
  const word = agreedWords(inventory, peersWords(inventory, observation), lost?.shards ?? []);
  return new Map(
    inventory.hosts.flatMap((host) => {
      const facts = observation.facts.get(host.name);
      if (!facts) return [];
      return [
        [
          host.name,
          {
            inventory,
            host,
            facts,
            desired: desiredHost({
              inventory,
              host,
              facts,
              secrets,
              runningVersion: runningOn(host, observation),
            }),
            word,
            refreshed,
          },
        ],
      ];
    }),
  );
}

/** What was agreed to be lost is in the word of its nodes. */
const agreedWords = (
  { nodes }: Inventory,
  words: Readonly<Record<string, PeersWord>>,
  shards: readonly number[],
): Readonly<Record<string, PeersWord>> => {
  const lost = nodes.filter(({ shard }) => shards.includes(shard)).map(({ id }) => id);
  return Object.fromEntries(
    Object.entries(words).map(([id, word]) => [id, lost.includes(id) ? { ...word, isLost: true } : word]),
  );
};

function runningOn({ nodes }: Host, { view }: Pick<Observation, 'view'>): string | undefined {
  const running = view.nodes.find((each) => each.reachable && nodes.some(({ id }) => id === each.node));
  return running?.reachable ? running.info['redis_version'] : undefined;
}
