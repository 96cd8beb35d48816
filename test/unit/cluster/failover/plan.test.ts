import { describe, expect, it } from 'vitest';
import { guardFailovers, guardTarget } from '../../../../src/cluster/failover/guard.ts';
import { guardReplacement } from '../../../../src/cluster/failover/replacement.ts';
import type { Verdict } from '../../../../src/cluster/failover/replacement.ts';
import { planElectable, planRoles, preferredMasters } from '../../../../src/cluster/failover/roles.ts';
import { nextRestart } from '../../../../src/cluster/failover/restart.ts';
import { guardInSync } from '../../../../src/cluster/failover/sync.ts';
import { chooseTarget, parseTarget } from '../../../../src/cluster/failover/target.ts';
import type { Choice } from '../../../../src/cluster/failover/target.ts';
import { guardVotes } from '../../../../src/cluster/failover/votes.ts';
import { UsageError } from '../../../../src/base/errors.ts';
import { inventoryOf, readScenes, stage } from './support.ts';

const show = ({ shard, replica }: Choice): string =>
  `${shard.master.node.id}>${replica?.node.id ?? 'nobody'}`;

describe('chooseTarget', () => {
  type Case = { readonly target: string; readonly dead?: boolean; readonly expect: readonly string[] };
  it.each(readScenes<Case>('choose'))('$what', (scene) => {
    const situation = stage(scene);
    const target = parseTarget(situation.inventory, scene.target);
    expect(chooseTarget(situation, target, { dead: scene.dead ?? false }).map(show)).toEqual(scene.expect);
  });

  it('names what there is when the target is unknown', () => {
    const inventory = inventoryOf({ what: '' });
    for (const wrong of ['redis9', 'redis1:7009', '0', '4', ''])
      expect(() => parseTarget(inventory, wrong)).toThrow(UsageError);
    try {
      parseTarget(inventory, 'redis9');
    } catch (error) {
      expect((error as UsageError).hints.join('\n')).toContain('redis1, redis2, redis3');
    }
  });
});

describe('guardFailovers', () => {
  type Case = { readonly target: string; readonly expect: readonly string[] };
  it.each(readScenes<Case>('guard'))('$what', (scene) => {
    const situation = stage(scene);
    const target = parseTarget(situation.inventory, scene.target);
    const choices = chooseTarget(situation, target);
    const reasons = [...guardTarget(situation, target, choices), ...guardFailovers(situation, choices)];
    expect(reasons.map(({ code }) => code)).toEqual(scene.expect);
    for (const { message, hints } of reasons) {
      expect(message).not.toMatch(/undefined|NaN/);
      expect(hints).not.toEqual([]);
    }
  });
});

describe('guardVotes', () => {
  type Case = { readonly target: string; readonly force?: boolean; readonly expect: string | null };
  it.each(readScenes<Case>('votes'))('$what', (scene) => {
    const situation = stage(scene);
    const [choice] = chooseTarget(situation, parseTarget(situation.inventory, scene.target));
    const reasons = guardVotes(situation, choice as Choice, scene.force ? 'force' : 'graceful');
    expect(reasons[0]?.message ?? null).toBe(scene.expect);
  });
});

describe('guardReplacement', () => {
  type Case = {
    readonly target: string;
    readonly mode: 'force' | 'takeover';
    readonly death?: 'process' | 'host';
    /** null: the replica did not say. */
    readonly keys?: number | null;
    readonly refusals: readonly string[];
    readonly accepted: readonly string[];
  };
  it.each(readScenes<Case>('replace'))('$what', (scene) => {
    const situation = stage(scene);
    const [choice] = chooseTarget(situation, parseTarget(situation.inventory, scene.target), { dead: true });
    const verdict: Verdict = scene.death
      ? { kind: 'dead', death: { kind: scene.death, evidence: [] } }
      : { kind: 'unknown', why: 'nobody could look' };
    const { refusals, accepted } = guardReplacement(situation, choice as Choice, {
      mode: scene.mode,
      verdict,
      keys: scene.keys === null ? undefined : (scene.keys ?? 1),
    });
    expect({
      refusals: refusals.map(({ code }) => code),
      accepted: accepted.map(({ code }) => code),
    }).toEqual({ refusals: scene.refusals, accepted: scene.accepted });
  });
});

describe('planRoles', () => {
  type Case = {
    readonly wanted?: readonly string[];
    readonly expect: readonly string[];
    readonly problems: number;
  };
  it.each(readScenes<Case>('roles'))('$what', (scene) => {
    const situation = stage(scene);
    const { choices, problems } = planRoles(situation, scene.wanted ?? preferredMasters(situation));
    expect(choices.map(show)).toEqual(scene.expect);
    expect(problems).toHaveLength(scene.problems);
  });
});

describe('planElectable', () => {
  it('sets what differs and nothing else', () => {
    const healthy = stage({ what: '' });
    expect(planElectable(healthy, 'redis1', false).map(({ node, value }) => `${node} ${value}`)).toEqual([
      'redis1:7000 yes',
      'redis1:7003 yes',
    ]);
    expect(planElectable(healthy, 'redis1', true)).toEqual([]);
    const half = stage({ what: '', nodes: { 'redis1:7000': { flags: ['nofailover'] } } });
    expect(planElectable(half, 'redis1', false).map(({ node }) => node)).toEqual(['redis1:7003']);
    expect(planElectable(half, 'redis1', true).map(({ node }) => node)).toEqual(['redis1:7000']);
    const down = stage({ what: '', nodes: { 'redis1:7000': { down: true } } });
    expect(planElectable(down, 'redis1', false).map(({ node }) => node)).toEqual(['redis1:7003']);
  });
});

describe('drainedHosts', () => {
  const flagged = { flags: ['nofailover'] } as const;
  it('are those where every node says so', () => {
    const nodes = { 'redis1:7000': flagged, 'redis1:7003': flagged, 'redis2:7001': flagged };
    expect(stage({ what: '', nodes }).drained).toEqual(['redis1']);
  });
  it('are known by their peers while they are down', () => {
    const nodes = { 'redis1:7000': { ...flagged, down: true }, 'redis1:7003': { ...flagged, down: true } };
    expect(stage({ what: '', nodes }).drained).toEqual(['redis1']);
  });
});

describe('nextRestart', () => {
  type Case = { readonly nodes_named: string; readonly done: readonly string[]; readonly expect: string };
  it.each(readScenes<Case>('restart'))('$what', (scene) => {
    const situation = stage(scene);
    const named = situation.inventory.nodes.filter(
      ({ host }) => scene.nodes_named === 'all' || host === scene.nodes_named,
    );
    const run = {
      nodes: named.map(({ id }) => id),
      runIds: Object.fromEntries(named.map(({ id }) => [id, 'before'])),
      masters: named.filter(({ preferredRole }) => preferredRole === 'master').map(({ id }) => id),
    };
    const now = new Map(
      situation.inventory.nodes
        .filter(({ id }) => scene.nodes?.[id]?.down !== true)
        .map(({ id }) => [id, scene.done.includes(id) ? 'after' : 'before']),
    );
    const move = nextRestart(situation, run, now);
    const shown = {
      restart: () => `restart ${move.kind === 'restart' ? move.node.id : ''}`,
      failover: () => (move.kind === 'failover' ? `${move.why} ${show(move.choice)}` : ''),
      done: () => 'done',
    }[move.kind]();
    expect(shown).toBe(scene.expect);
  });
});

describe('guardInSync', () => {
  it('names every replica that is not, except for those that are to be fixed', () => {
    const situation = stage({
      what: '',
      maxLag: 10,
      nodes: {
        'redis1:7003': { link: 'down' },
        'redis2:7004': { offset: 500 },
        'redis3:7005': { down: true },
      },
    });
    expect(guardInSync(situation, ['redis3:7005']).map(({ message }) => message)).toEqual([
      'redis1:7003 is not linked to its master',
      'redis2:7004 is 500 bytes behind redis1:7000',
    ]);
  });
});
