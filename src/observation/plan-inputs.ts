import { peersWords } from '../checks/start-word.ts';
import { desiredHost } from '../host/desired.ts';
import type { PlanInput } from '../host/planning/input.ts';
import type { Host, Inventory, Secrets } from '../inventory/inventory.ts';
import type { Observation } from './observe.ts';

type InputRequest = {
  readonly inventory: Inventory;
  readonly secrets: Secrets;
  readonly observation: Observation;
  /** See `PlanInput`. */
  readonly refreshed?: boolean;
};

/** What each host that could be asked is planned from, by name. */
export function planInputs({
  inventory,
  secrets,
  observation,
  refreshed = false,
}: InputRequest): ReadonlyMap<string, PlanInput> {
  const word = peersWords(inventory, observation);
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

function runningOn({ nodes }: Host, { view }: Pick<Observation, 'view'>): string | undefined {
  const running = view.nodes.find((each) => each.reachable && nodes.some(({ id }) => id === each.node));
  return running?.reachable ? running.info['redis_version'] : undefined;
}
