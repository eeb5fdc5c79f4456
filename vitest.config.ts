import { defineConfig } from 'vitest/config';

const stackTests = 'test/**/*.stack.test.ts';
const e2eTests = 'test/**/*.e2e.test.ts';

/** Twenty kills of each function take minutes and all of a machine: a command of its own, `npm run faults:kill`. */
const killTests = 'test/faults/sigkill*.stack.test.ts';
const kills = process.env.SLUICE_FAULTS === 'kill';

/** A cold Cassandra on a busy machine: what hangs longer than this is broken. */
const patience = { testTimeout: 120_000, hookTimeout: 300_000 };

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [stackTests, e2eTests],
          testTimeout: 30_000,
        },
      },
      {
        // Files share the local stack, so they run one after another.
        test: {
          name: 'stack',
          include: kills ? [killTests] : [stackTests],
          exclude: kills ? [] : [killTests],
          globalSetup: 'test/support/stack.ts',
          fileParallelism: false,
          ...patience,
        },
      },
      {
        // Each file starts what it needs, beside the local stack, on ports of its own.
        test: { name: 'e2e', include: [e2eTests], fileParallelism: false, testTimeout: 600_000, hookTimeout: 600_000 },
      },
    ],
  },
});
