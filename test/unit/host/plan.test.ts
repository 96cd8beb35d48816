import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { desiredHost } from '../../../src/host/desired.ts';
import { planDestroy } from '../../../src/host/destroy.ts';
import type { Facts } from '../../../src/host/facts.ts';
import { planHost } from '../../../src/host/plan.ts';
import type { PlanInput } from '../../../src/host/planning/input.ts';
import { requireHost } from '../../../src/host/require.ts';
import { describeStep } from '../../../src/host/step.ts';
import { parseInventory } from '../../../src/inventory/load.ts';
import { applyDesired, mergePatch } from './patch.ts';

const fixtures = new URL('../../fixtures/host/', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, fixtures), 'utf8');

/** One plan: what is wanted, what is there, and what is said and done about it. */
type Plan = {
  /** Over `plans/inventory.yaml`, as a merge patch (RFC 7396). */
  readonly inventory?: object;
  /** Default redis1. */
  readonly host?: string;
  /** A folder of `facts/`. */
  readonly facts: string;
  /** The facts are those of a host that has all that is desired. */
  readonly converged?: boolean;
  /** Over the facts, as a merge patch. */
  readonly change?: object;
  readonly refreshed?: boolean;
  /** `kind id: message` */
  readonly problems: readonly string[];
  /** What the problems advise, in their order. */
  readonly hints?: readonly string[];
  readonly steps: readonly string[];
  readonly destroy?: readonly string[];
};

const secrets = { password: 'a-password', application: undefined };

function inputOf(plan: Plan): PlanInput {
  const document = mergePatch(parse(read('plans/inventory.yaml')), plan.inventory ?? {});
  const inventory = parseInventory(JSON.stringify(document), '/nowhere/weedgo-redis.yaml');
  const host = inventory.hosts.find(({ name }) => name === (plan.host ?? 'redis1'));
  if (!host) throw new Error('no such host');
  const recorded: Facts = JSON.parse(read(`facts/${plan.facts}/facts.json`));
  const desire = (facts: Facts) => desiredHost({ inventory, host, facts, secrets });
  const base = plan.converged ? applyDesired(desire(givenOf(plan, recorded)), recorded) : recorded;
  // What a patch makes of facts are facts, or the fixture is wrong.
  const facts = mergePatch(base, plan.change ?? {}) as Facts;
  return { inventory, host, facts, desired: desire(facts), word: {}, refreshed: plan.refreshed ?? false };
}

/** What the files on a converged host were made for: its server's version and user, and its firewall. */
function givenOf({ change }: Plan, recorded: Facts): Facts {
  const installed = { path: '/usr/bin/redis-server', version: '7.0.15' };
  const changes = Object.entries(change ?? {}).filter(([name]) => name === 'server' || name === 'firewall');
  const account = { uid: 107, gid: 114 };
  const facts = { ...recorded, server: { ...recorded.server, installed, account } };
  return mergePatch(facts, Object.fromEntries(changes)) as Facts;
}

test('destroy keeps what the cluster’s other nodes on the host need', () => {
  const plan: Plan = parse(read('plans/firewall-ufw-theirs.yaml'));
  const { inventory, facts, desired } = inputOf(plan);
  const steps = planDestroy({ inventory, layout: desired.layout, facts, hasOthers: true }).map(describeStep);
  expect(steps).toEqual(plan.destroy?.filter((step) => /redis1:700|@700/.test(step)));
});

test.each(readdirSync(new URL('plans/', fixtures)).filter((name) => name !== 'inventory.yaml'))(
  '%s',
  (file) => {
    const plan: Plan = parse(read(`plans/${file}`));
    const input = inputOf(plan);
    const problems = requireHost(input);
    expect(problems.map(({ kind, id, message }) => `${kind} ${id}: ${message}`)).toEqual(plan.problems);
    expect(problems.flatMap(({ hints }) => hints)).toEqual(plan.hints ?? []);
    expect(planHost(input).map(describeStep)).toEqual(plan.steps);
    if (plan.destroy) {
      const { inventory, facts, desired } = input;
      expect(planDestroy({ inventory, layout: desired.layout, facts }).map(describeStep)).toEqual(
        plan.destroy,
      );
    }
  },
);
