import {defineConfig} from 'vitest/config';

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'rooms',
          include: ['test/**/*.test.ts'],
          exclude: ['test/e2e/**'],
          maxWorkers: 2,
          sequence: {groupOrder: 0},
          testTimeout: 20_000,
          hookTimeout: 30_000,
        },
      },
      {
        // The real docker CLI against a real cluster: one file after the other, so that each measures only itself.
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          globalSetup: ['test/e2e/cluster.setup.ts'],
          fileParallelism: false,
          maxWorkers: 1,
          sequence: {groupOrder: 1},
          testTimeout: 120_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
});
