/** Which modules an executable loads at startup, because a user waits for them. */

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { sharedDirectory } from "../../support/local-hub.ts";
import { type ExecutableName, run } from "../support/run-executable.ts";

const directory = sharedDirectory();

beforeAll(() => {
  writeFileSync(
    join(directory, "list-loaded.cjs"),
    `process.on("exit", () => {
       require("node:fs").writeFileSync("loaded", process.moduleLoadList.join("\\n"));
     });`,
  );
});

/** Every SDK needs them, and they take as long to load as all of commander. */
const MODULES_OF_SDKS = /^NativeModule (tls|https|crypto)$/gm;

async function modulesOfSdks(name: ExecutableName, args: readonly string[]) {
  const env = { NODE_OPTIONS: `--require=${join(directory, "list-loaded.cjs")}` };
  const { code, stderr } = await run(name, args, { directory, env });
  const loaded = readFileSync(join(directory, "loaded"), "utf8");
  return { code, stderr, loaded: loaded.match(MODULES_OF_SDKS) ?? [] };
}

test.each<readonly [ExecutableName, readonly string[]]>([
  ["c2d-device", ["--help"]],
  ["c2d-send", ["--help"]],
  ["c2d-send", ["completion", "bash"]],
  ["c2d-tools", ["--help"]],
  ["c2d-tools", ["send", "--help"]],
  ["c2d-hub", ["--help"]],
  ["c2d-hub", ["device", "create", "--help"]],
])("%s %j loads no SDK", async (name, args) => {
  expect(await modulesOfSdks(name, args)).toEqual({ code: 0, stderr: "", loaded: [] });
});

test("a command that connects does", async () => {
  const { loaded } = await modulesOfSdks("c2d-send", [
    "--login",
    "HostName=127.0.0.1:1;SharedAccessKeyName=owner;SharedAccessKey=a2V5",
    "-d",
    "device1",
  ]);
  expect(loaded).toHaveLength(3);
});
