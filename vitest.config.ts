import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

/** Other people's programs, kill campaigns, the commands of the documents. */
const SLOW = "test/**/*.slow.test.ts";

/** These watch an SDK being loaded and patched. */
const ALONE = "test/dependencies/*.test.ts";

/** Only what hangs takes as long, however busy the machine is. */
const LIMITS = {
  testTimeout: 120_000,
  hookTimeout: 120_000,
  expect: { poll: { timeout: 120_000 } },
};

export default defineConfig({
  test: {
    // Half of the time a test waits: for a time limit, for a process.
    maxWorkers: availableParallelism() + 1,
    maxConcurrency: 10,
    coverage: {
      include: ["src/core/**", "src/hub/**"],
      reporter: ["text-summary"],
      thresholds: { lines: 98, branches: 93 },
    },
    projects: [
      {
        test: {
          name: "fast",
          include: ["test/**/*.test.ts"],
          exclude: [SLOW, ALONE],
          // A worker loads the SDKs once, for all of its files.
          isolate: false,
          setupFiles: ["test/restore-process.ts"],
          ...LIMITS,
        },
      },
      { test: { name: "fast alone", include: [ALONE], ...LIMITS } },
      {
        test: { name: "slow", include: [SLOW], ...LIMITS },
      },
    ],
  },
});
