/** Which modules an executable loads at startup, because a user waits for them. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ExecutableName, run } from "../support/run-executable.ts";

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "c2d-loaded-"));
  writeFileSync(
    join(directory, "list-loaded.cjs"),
    `process.on("exit", () => {
       const loaded = Object.keys(require("node:module")._cache).join("\\n");
       require("node:fs").writeFileSync("loaded", loaded);
     });`,
  );
});

afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
});

test.each<readonly [ExecutableName, readonly string[]]>([
  ["c2d-device", ["--help"]],
  ["c2d-send", ["--help"]],
  ["c2d-send", ["completion", "bash"]],
  ["c2d-hub", ["--help"]],
  ["c2d-hub", ["device", "create", "--help"]],
])("%s %j loads no SDK", async (name, args) => {
  const env = { NODE_OPTIONS: `--require=${join(directory, "list-loaded.cjs")}` };
  const { code, stderr } = await run(name, args, { directory, env });
  expect(stderr).toBe("");
  expect(code).toBe(0);
  const loaded = readFileSync(join(directory, "loaded"), "utf8");
  // commander is loaded, so the absence of the others is meaningful.
  expect(loaded).toContain("node_modules/commander");
  expect(loaded).not.toMatch(/node_modules\/(azure-|@azure|rhea|mqtt|classic-level)/);
});
