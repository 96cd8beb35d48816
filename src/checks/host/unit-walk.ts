import type { UnitState } from '../../host/facts.ts';
import { layoutOf } from '../../render/layout.ts';
import type { CheckInput } from '../input.ts';

/** A node's unit as systemd on its host has it. */
export type NodeUnit = {
  readonly node: string;
  readonly host: string;
  readonly unit: string;
  readonly state: UnitState;
};

/** The units of all nodes on hosts that could be read, in the inventory's order. */
export const nodeUnits = ({ inventory, hosts }: CheckInput): readonly NodeUnit[] =>
  inventory.hosts.flatMap((host) => {
    const facts = hosts[host.name];
    if (!facts?.reachable) return [];
    return layoutOf(inventory, host).nodes.flatMap(({ node, service }) => {
      const state = service.manager === 'systemd' ? facts.facts.units[service.unit] : undefined;
      return service.manager === 'systemd' && state
        ? [{ node: node.id, host: host.name, unit: service.unit, state }]
        : [];
    });
  });
