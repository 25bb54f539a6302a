import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ModelRun } from "./model-run.ts";
import { operation } from "./operations.ts";

const RUNS = 600;
const MAX_OPERATIONS = 60;

describe("a hub on a disk that may lose pending writes", () => {
  it("behaves like the model, keeps what it acknowledged, and recovers a consistent state", async () => {
    let steps = 0;
    let crashes = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(operation, { maxLength: MAX_OPERATIONS, size: "max" }),
        async (operations) => {
          const run = await ModelRun.begin();
          for (const one of operations) {
            steps += 1;
            if (one.type === "crash") crashes += 1;
            if (!(await run.play(one))) return;
          }
          await run.end();
        },
      ),
      { numRuns: RUNS },
    );
    expect(steps).toBeGreaterThan(8000);
    expect(crashes).toBeGreaterThan(300);
  });
});
