import { defineConfig } from 'vitest/config';

/** Tests that boot hosts are named `lab-….test.ts`: they need root and systemd-nspawn. */
const labTests = 'test/integration/**/lab-*.test.ts';

/** The hosts and servers of a test wait for each other more than they compute: a few files at once, also on two cores. */
const manyAtOnce = { maxWorkers: 3, sequence: { groupOrder: 1 } };

export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'], testTimeout: 20_000 } },
      {
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          exclude: [labTests],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          ...manyAtOnce,
        },
      },
      {
        test: {
          name: 'lab',
          include: [labTests],
          testTimeout: 300_000,
          // The first lab on a machine makes its base image.
          hookTimeout: 600_000,
          ...manyAtOnce,
        },
      },
    ],
  },
});
