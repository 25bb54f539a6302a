/** `c2d-tools` is the other executables under one name. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { packageFile } from "../../../src/package-file.ts";
import { sharedDirectory } from "../../support/local-hub.ts";
import { parseLines, RunningExecutable, run } from "../support/run-executable.ts";

const directory = sharedDirectory();
const options = { directory, env: { C2D_HOME: join(directory, "home") } };

const tools = (...args: readonly string[]) => run("c2d-tools", args, options);

test.each([
  ["send", "c2d-send"],
  ["device", "c2d-device"],
  ["hub", "c2d-hub"],
] as const)("%s is the same as %s", async (command, name) => {
  for (const args of [["--help"], ["--version"], ["--dryrun"], ["completion", "bash"]]) {
    expect(await tools(command, ...args)).toEqual(await run(name, args, options));
  }
});

test("a hub is started, used and stopped", async () => {
  const args = ["hub", "start", "--port", "0", "-o", "json"];
  const hub = new RunningExecutable("c2d-tools", args, options);
  await hub.waitFor("stdout", '"type":"hub"');
  const sent = await tools("send", "--local", "--data", "from tools", "-o", "json");
  expect(sent.code).toBe(0);
  const listen = ["device", "listen", "--local", "-c", "1", "-o", "json"];
  const { stdout } = await tools(...listen);
  expect(parseLines(stdout).at(-1)).toMatchObject({ body: "from tools" });
  expect((await tools("hub", "stop")).code).toBe(0);
  expect((await hub.ended).code).toBe(0);
});

test.each([
  [[], "a command is missing", "One of: send, device, hub, completion. See c2d-tools --help."],
  [["hubb", "start"], "unknown command 'hubb'", "Did you mean hub?"],
  [["constructor"], "unknown command 'constructor'", "Run with --help"],
  [["--verson"], "unknown option '--verson'", "Did you mean --version?"],
  [["--", "hub", "start"], "hub must be the first argument", "c2d-hub"],
])("%j is a usage error", async (args, message, hint) => {
  const { code, stdout, stderr } = await tools(...args);
  expect(stderr).toMatch(/^error: .*\nhint: .*\n$/);
  expect(stderr).toContain(message);
  expect(stderr).toContain(hint);
  expect([code, stdout]).toEqual([2, ""]);
});

test("errors are JSON if asked for", async () => {
  const { code, stderr } = await tools("sned", "--local", "-o", "json");
  expect(parseLines(stderr)).toMatchObject([
    { type: "error", code: 2, name: "UsageError", hint: "Did you mean send?" },
  ]);
  expect(code).toBe(2);
});

test("--help and help list the commands of each", async () => {
  const { code, stdout } = await tools("--help");
  for (const name of ["send", "device", "hub"]) expect(stdout).toMatch(RegExp(`^  ${name} `, "m"));
  expect(code).toBe(0);
  const help = await tools("help", "hub");
  expect(help.stdout).toContain("Usage: c2d-tools hub ");
  expect(help.stdout).toContain("monitor-events");
});

test("its bundle has no second copy of what the commands run", () => {
  const code = readFileSync(packageFile("dist/c2d-tools.cjs"), "utf8");
  expect(code).toContain("monitor-feedback");
  expect(code).not.toMatch(/node_modules\/(azure|rhea|mqtt)/);
});
