/** A bundle may miss what commander prints with: the errors of the built executables. */

import { expect, test } from "vitest";
import { sharedDirectory } from "../../support/local-hub.ts";
import { type ExecutableName, run } from "../support/run-executable.ts";

const directory = sharedDirectory();

test.each<readonly [ExecutableName, readonly string[], string]>([
  ["c2d-device", [], "a command is missing"],
  ["c2d-hub", [], "a command is missing"],
  ["c2d-hub", ["device"], "a command is missing after device"],
])("%s %j is a usage error", async (name, args, message) => {
  const { code, stdout, stderr } = await run(name, args, { directory });
  expect(stderr).toContain(`error: ${message}\nhint: One of: `);
  expect([code, stdout]).toEqual([2, ""]);
});
