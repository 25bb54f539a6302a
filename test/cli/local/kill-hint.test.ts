/** The kill hints of each platform. */

import { expect, test } from "vitest";
import { hungHubHint, killCommand } from "../../../src/cli/local/kill-hint.ts";

test.each(["linux", "darwin"])("on %s the hint for a hung hub uses kill", (platform) => {
  expect(hungHubHint(42, platform)).toMatch(/kill -CONT 42\); otherwise kill it: kill -9 42\.$/);
});

test("on Windows the hint uses taskkill, and neither kill nor fg", () => {
  expect(hungHubHint(42, "win32")).toBe("Kill it: taskkill /PID 42 /F.");
  expect(killCommand(42, "win32")).toBe("taskkill /PID 42 /F");
});
