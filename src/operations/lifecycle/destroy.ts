import { planDestroy } from '../../host/destroy.ts';
import { planFirewallRemoval } from '../../host/planning/firewall.ts';
import type { PlanInput } from '../../host/planning/input.ts';
import { describeStep, type HostStep } from '../../host/step.ts';
import type { Session } from '../../session/session.ts';
import { type LifecycleReport, onEveryHost, type Request } from './every-host.ts';
import { leaveNothing } from './leave-nothing.ts';
import { otherConfigurations, type OtherConfigurations } from './other-configurations.ts';
import { ownInputs } from './own-inputs.ts';
import { type Unlisted, unlistedNodes } from './unlisted.ts';

/**
 * Leaves nothing of the cluster's nodes on the inventory's hosts: nodes stopped, data, logs and configuration
 * removed. The operator has typed the cluster's name. Throws RefusedError, before anything is done, where a
 * host has what is not this cluster's.
 */
export async function destroyNodes(session: Session, request: Request): Promise<LifecycleReport> {
  let isBare = false;
  const titled = {
    ...request,
    reason: 'destroy',
    title: 'Stop the nodes and delete their data',
    leavesNothing: () => isBare,
    after: async (locked: Session) => {
      isBare = await leaveNothing(locked);
    },
  };
  // Hosts on one machine share a folder, and a server that is to save into a folder that has gone does not
  // end.
  const {
    missing: _,
    held: __,
    ...report
  } = await onEveryHost(session, titled, async (locked) => {
    const others = await otherConfigurations(locked);
    return [
      (input) => ({ steps: destroySteps(input, others).filter(isStop), problems: [] }),
      (input) => {
        warnOfFirewall(locked, input, others);
        return { steps: destroySteps(input, others).filter((step) => !isStop(step)), problems: [] };
      },
    ];
  });
  return report;
}

/**
 * What `destroyNodes` would do, by host, one line a step, and the nodes of the cluster that would stay; reads
 * the hosts and the nodes, and changes nothing.
 */
export async function describeDestroy(session: Session): Promise<{
  readonly steps: ReadonlyMap<string, readonly string[]>;
  readonly unlisted: Unlisted;
}> {
  const { inputs, view } = await ownInputs(session, false);
  const others = await otherConfigurations(session);
  return {
    steps: new Map(inputs.map((input) => [input.host.name, destroySteps(input, others).map(describeStep)])),
    unlisted: unlistedNodes(session.inventory, { facts: inputs.map(({ facts }) => facts), view, others }),
  };
}

const isStop = ({ kind }: HostStep): boolean => kind === 'stop-service';

const destroySteps = (
  { inventory, host, desired, facts }: PlanInput,
  others: OtherConfigurations,
): readonly HostStep[] =>
  planDestroy({ inventory, layout: desired.layout, facts, hasOthers: others.has(host.name) });

function warnOfFirewall(
  { emit }: Session,
  { inventory, host, facts, desired }: PlanInput,
  others: OtherConfigurations,
): void {
  const paths = (others.get(host.name) ?? []).map(({ path }) => path).join(', ');
  if (paths === '' || desired.layout.manager === 'daemon') return;
  if (planFirewallRemoval(inventory, facts).length === 0) return;
  emit({
    type: 'warning',
    host: host.name,
    message: `the packet filter rules of ${inventory.cluster} stay for its other nodes on this host: ${paths}`,
  });
}
