import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { parse } from 'yaml';
import { describe, expect, test } from 'vitest';
import type { CheckInput } from '../../../src/checks/input.ts';
import { runChecks, worstFirst } from '../../../src/checks/run.ts';
import { listMissing } from '../../../src/cluster/missing.ts';
import { planForm } from '../../../src/cluster/plan.ts';
import { uncoveredSlots } from '../../../src/cluster/slots.ts';
import type { NodeFlag, NodeLine, ReachableView, UnreachableView } from '../../../src/cluster/view.ts';
import { parseInventory } from '../../../src/inventory/load.ts';
import { describeStatus } from '../../../src/operations/status/status.ts';
import { buildReport } from '../../../src/report/report.ts';
import { healthyInput, idOf } from '../../support/healthy.ts';

const document: object = parse(
  readFileSync(new URL('../../../inventories/three-hosts.yaml', import.meta.url), 'utf8'),
);
const inventory = parseInventory(JSON.stringify(document), '/etc/weedgo-redis.yaml');
const names = inventory.nodes.map(({ id }) => id);
const hosts = inventory.hosts.map(({ name }) => name);

/**
 * One thing that goes wrong; several of them in any mixture make the views that no author of a check thought
 * of.
 */
type Fault = { readonly kind: string; readonly change: (input: Mutable) => void };
type Mutable = { -readonly [Key in keyof CheckInput]: CheckInput[Key] };

const node = fc.constantFrom(...names);
const host = fc.constantFrom(...hosts);
const flags = fc.constantFrom<NodeFlag>('fail', 'fail?', 'noaddr', 'handshake');
const failure = fc.constantFrom<UnreachableView['failure']>(
  'refused',
  'auth',
  'timeout',
  'host',
  'loading',
  'protocol',
);

function changeViews(
  input: Mutable,
  of: readonly string[],
  change: (view: ReachableView) => ReachableView,
): void {
  input.view = {
    nodes: input.view.nodes.map((view) => (view.reachable && of.includes(view.node) ? change(view) : view)),
  };
}

function changeLines(
  input: Mutable,
  { by, about }: { readonly by: readonly string[]; readonly about: string },
  change: (line: NodeLine) => readonly NodeLine[],
): void {
  changeViews(input, by, (view) => ({
    ...view,
    nodes: view.nodes.flatMap((line) => (line.nodeId === idOf(about) ? change(line) : [line])),
  }));
}

const observers = fc.subarray(names, { minLength: 1 });

const fault: fc.Arbitrary<Fault> = fc.oneof(
  fc.record({ of: node, failure }).map(({ of, failure: kind }) => ({
    kind: `${of} ${kind}`,
    change: (input: Mutable) => {
      input.view = {
        nodes: input.view.nodes.map((view) =>
          view.node === of ? { reachable: false, node: of, failure: kind, reason: kind } : view,
        ),
      };
    },
  })),
  host.map((of) => ({
    kind: `${of} away`,
    change: (input: Mutable) => {
      input.hosts = { ...input.hosts, [of]: { reachable: false, reason: 'timed out' } };
      input.view = {
        nodes: input.view.nodes.map((view) =>
          view.node.startsWith(`${of}:`)
            ? { reachable: false, node: view.node, failure: 'host', reason: 'timed out' }
            : view,
        ),
      };
    },
  })),
  host.map((of) => ({
    kind: `${of} drained`,
    change: (input: Mutable) => {
      input.pending = {
        ...input.pending,
        drained: { ...input.pending.drained, [of]: '2025-12-31T23:00:00Z' },
      };
    },
  })),
  observers.map((of) => ({
    kind: `state fail on ${of.join(' ')}`,
    change: (input: Mutable) => {
      changeViews(input, of, (view) => ({
        ...view,
        clusterInfo: { ...view.clusterInfo, cluster_state: 'fail' },
      }));
    },
  })),
  fc.record({ by: observers, about: node, flag: flags }).map(({ by, about, flag }) => ({
    kind: `${by.join(' ')} say ${flag} of ${about}`,
    change: (input: Mutable) => {
      changeLines(input, { by, about }, (line) => [{ ...line, flags: [...line.flags, flag] }]);
    },
  })),
  fc.record({ by: observers, about: node }).map(({ by, about }) => ({
    kind: `${by.join(' ')} do not know ${about}`,
    change: (input: Mutable) => {
      changeLines(input, { by: by.filter((each) => each !== about), about }, () => []);
    },
  })),
  fc
    .record({ by: observers, about: node, last: fc.integer({ min: -1, max: 16_383 }) })
    .map(({ by, about, last }) => ({
      kind: `${by.join(' ')} give 0-${last} to ${about}`,
      change: (input: Mutable) => {
        // A node lists a slot at one owner.
        for (const other of names)
          changeLines(input, { by, about: other }, (line) => [
            {
              ...line,
              slots: line.slots.flatMap(([from, to]) => (to <= last ? [] : [[Math.max(from, last + 1), to]])),
            },
          ]);
        changeLines(input, { by, about }, (line) => [{ ...line, slots: last < 0 ? [] : [[0, last]] }]);
      },
    })),
  fc
    .oneof(
      node.map((of) => [of]),
      fc.constant(names),
    )
    .map((all) => ({
      kind: `${all.join(' ')} reset`,
      change: (input: Mutable) => {
        changeViews(input, all, (view) => ({
          ...view,
          nodeId: idOf(`${view.node} again`),
          keys: 0,
          clusterInfo: { ...view.clusterInfo, cluster_state: 'fail', cluster_slots_assigned: '0' },
          nodes: view.nodes
            .filter(({ nodeId }) => nodeId === view.nodeId)
            .map((line) => ({
              ...line,
              nodeId: idOf(`${view.node} again`),
              role: 'master',
              masterId: undefined,
              slots: [],
            })),
        }));
      },
    })),
  fc.record({ of: node, as: node }).map(({ of, as }) => ({
    kind: `${of} runs as ${as}`,
    change: (input: Mutable) => {
      changeViews(input, [of], (view) => ({ ...view, nodeId: idOf(as) }));
    },
  })),
  fc
    .record({
      of: node,
      field: fc.constantFrom(
        ['master_link_status', 'down'] as const,
        ['master_sync_in_progress', '1'] as const,
        ['min_slaves_good_slaves', '0'] as const,
      ),
    })
    .map(({ of, field: [name, value] }) => ({
      kind: `${of} ${name}:${value}`,
      change: (input: Mutable) => {
        changeViews(input, [of], (view) => ({
          ...view,
          info: { ...view.info, [name]: value },
          ...(name.startsWith('min') && { config: { ...view.config, 'min-replicas-to-write': '1' } }),
        }));
      },
    })),
  node.map((of) => ({
    kind: `${of} not probed`,
    change: (input: Mutable) => {
      input.probes = Object.fromEntries(Object.entries(input.probes).filter(([id]) => id !== of));
    },
  })),
  host.map((of) => ({
    kind: `${of} not probed`,
    change: (input: Mutable) => {
      input.hostProbes = Object.fromEntries(Object.entries(input.hostProbes).filter(([name]) => name !== of));
    },
  })),
);

const faults = fc.array(fault, { minLength: 1, maxLength: 5 });
// Without files nothing is compared with them, which is most of the time that the checks take.
const whole: CheckInput = { ...healthyInput(inventory), files: {} };

function inputWith(list: readonly Fault[]): CheckInput {
  const input: Mutable = { ...whole };
  for (const { change } of list) change(input);
  return input;
}

/** Runs the property over generated faults; a failure names them. */
function holds(property: (input: CheckInput, found: ReturnType<typeof worstFirst>) => void): void {
  fc.assert(
    fc.property(faults, (list) => {
      const input = inputWith(list);
      property(input, worstFirst(runChecks(input)));
    }),
    { numRuns: 250 },
  );
}

const reachable = ({ view }: CheckInput): readonly ReachableView[] =>
  view.nodes.filter((each): each is ReachableView => each.reachable);

// Hundreds of reports per property: seconds on an idle machine.
describe('whatever is wrong with the nodes', { timeout: 180_000 }, () => {
  test('a node that does not serve means a critical finding', () => {
    holds((input, found) => {
      const failing = reachable(input).filter(({ clusterInfo }) => clusterInfo['cluster_state'] !== 'ok');
      if (failing.length > 0) expect(found.some(({ severity }) => severity === 'critical')).toBe(true);
    });
  });

  test('a slot without an owner that answers means a critical finding', () => {
    holds((input, found) => {
      const owned = reachable(input).flatMap((view) =>
        view.nodes.filter(({ nodeId, role }) => nodeId === view.nodeId && role === 'master'),
      );
      const free = uncoveredSlots(owned.flatMap(({ slots }) => slots));
      if (free.length > 0) expect(found.some(({ severity }) => severity === 'critical')).toBe(true);
    });
  });

  test('every node that does not answer is named by a finding', () => {
    holds((input, found) => {
      const named = new Set(found.flatMap(({ nodes }) => nodes));
      for (const view of input.view.nodes) {
        if (!view.reachable) expect(named).toContain(view.node);
      }
    });
  });

  test('what provision does not call complete, verify does not call healthy', () => {
    holds((input) => {
      const { refusals, steps } = planForm(inventory, input.view);
      const lacking = [...listMissing(inventory, input.view), ...refusals, ...steps];
      const report = buildReport(input, runChecks(input), { startedAt: 0, durationMs: 0, looks: 1 });
      if (lacking.length > 0) expect(report.verdict).not.toBe('healthy');
    });
  });

  test('status and verify do not contradict each other', () => {
    holds((input, found) => {
      const { state, summary } = describeStatus(inventory, input.view);
      const severities = new Set(found.map(({ severity }) => severity));
      const told = `${summary}; ${found.map(({ id, title }) => `${id} ${title}`).join('; ')}`;
      if (state === 'up') expect(severities, told).not.toContain('critical');
      else expect(severities.has('critical') || severities.has('warning'), told).toBe(true);
      if (state === 'down') expect(severities, told).toContain('critical');
    });
  });

  test('healthy is only what was checked in full', () => {
    holds((input) => {
      const asked = names.every((id) => input.probes[id]) && hosts.every((name) => input.hostProbes[name]);
      const report = buildReport(input, runChecks(input), { startedAt: 0, durationMs: 0, looks: 1 });
      if (report.verdict === 'healthy') {
        expect(asked).toBe(true);
        expect(input.view.nodes.every((view) => view.reachable)).toBe(true);
      }
    });
  });

  test('what is folded has a cause of at least its severity in the report, and nothing to fix', () => {
    holds((_, found) => {
      const order = ['critical', 'warning', 'info'];
      for (const { explainedBy, severity, remedy } of found) {
        if (!explainedBy) continue;
        expect(found).toContain(explainedBy);
        expect(order.indexOf(explainedBy.severity)).toBeLessThanOrEqual(order.indexOf(severity));
        expect(remedy).toEqual([]);
      }
    });
  });
});

test('no master owns a slot: the write test has failed', () => {
  const found = worstFirst(runChecks({ ...whole, writeTest: [] }));
  expect(found.map(({ id, severity }) => [id, severity])).toEqual([['WR-WRITE-FAILED', 'critical']]);
});
