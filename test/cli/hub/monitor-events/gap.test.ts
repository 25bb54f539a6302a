import { expect, test } from "vitest";
import { formatGap } from "../../../../src/cli/hub/monitor-events/event-format.ts";

const GAP = { partitionId: "0\u001b[31m", missing: 12 };

test("a gap is formatted as JSON or text", () => {
  expect(JSON.parse(formatGap({ ...GAP, partitionId: "0" }, true))).toEqual({
    type: "gap",
    partitionId: "0",
    missing: 12,
  });
  expect(formatGap({ ...GAP, partitionId: "0" }, false)).toContain("12 events of partition 0");
});

test("the partition id is escaped", () => {
  expect(formatGap(GAP, false)).not.toContain("\u001b");
});
