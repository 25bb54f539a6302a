/** Hints name a command that the system has. */

import { expect, test } from "vitest";
import { hungHubHint, killCommand } from "../../../src/cli/local/kill-hint.ts";

test.each(["linux", "darwin"])("on %s a hung hub is resumed or ended by kill", (platform) => {
  expect(hungHubHint(42, platform)).toMatch(/kill -CONT 42\); otherwise kill it: kill -9 42\.$/);
});

test("on Windows it is ended by taskkill, and nothing names kill or fg", () => {
  expect(hungHubHint(42, "win32")).toBe("Kill it: taskkill /PID 42 /F.");
  expect(killCommand(42, "win32")).toBe("taskkill /PID 42 /F");
});
