import { describe, expect, test } from 'vitest';
import { listMissing } from '../../../src/cluster/missing.ts';
import { planForm } from '../../../src/cluster/plan.ts';
import { describeClusterStep } from '../../../src/cluster/step.ts';
import { planCases, sixNodes, viewOf } from './scene.ts';

describe('planning to form a cluster', () => {
  test.each(planCases)('%s', (_, scene) => {
    const inventory = sixNodes(scene.mode);
    const view = viewOf(inventory, scene);
    const plan = planForm(inventory, view);
    const steps = plan.steps.filter(({ kind }) => scene.settings === true || kind !== 'set-temporarily');
    const { refusals = [], missing } = scene;
    expect(steps.map(describeClusterStep)).toEqual(scene.steps ?? []);
    expect(plan.refusals.map(({ reason }) => reason)).toEqual(
      refusals.map((text) => expect.stringContaining(text)),
    );
    if (missing === undefined) return;
    const messages = listMissing(inventory, view).map(({ message }) => message);
    expect(messages).toEqual(missing.map((text) => expect.stringContaining(text)));
  });
});
