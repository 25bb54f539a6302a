/** An unusable home directory: every command reports it at once, and exits with 3. */

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { sharedDirectory } from "../../support/local-hub.ts";
import { type ExecutableName, parseLines, run } from "../support/run-command.ts";

/** These start a hub. */
const STARTING = [
  "c2d-send --local",
  "c2d-device listen --local",
  "c2d-device telemetry --local",
  "c2d-hub device create --local -d device1",
  "c2d-hub monitor-events --local",
  "c2d-hub start --port 0",
];

/** These only look for a hub. */
const LOOKING = ["c2d-hub status", "c2d-hub env", "c2d-hub stop"];

const directory = sharedDirectory();

async function expectRefusal(command: string, home: string, path: string) {
  const [name, ...args] = command.split(" ") as [ExecutableName, ...string[]];
  const { code, stderr } = await run(name, [...args, "-o", "json", "-q"], {
    directory,
    env: { C2D_HOME: home },
  });
  expect(parseLines(stderr)).toEqual([
    {
      type: "error",
      code: 3,
      name: expect.stringMatching(/^(ConfigurationError|HomeUnusable|HomeDamaged)$/),
      message: expect.stringContaining(path),
      hint: expect.any(String),
    },
  ]);
  expect(code).toBe(3);
}

/** A place where not even root can create a directory: Node's recursive mkdir would retry forever. */
const hasProc = process.platform === "linux";
if (!hasProc) console.warn("SKIPPED: there is no /proc here; a home in it is not tried.");

describe("C2D_HOME", () => {
  test.skipIf(!hasProc).each([...STARTING, ...LOOKING])("in /proc: %s", async (command) => {
    await expectRefusal(command, "/proc/c2d", "/proc/c2d");
  });

  test("that is a file or inside one", async () => {
    const file = join(directory, "file");
    writeFileSync(file, "");
    await expectRefusal("c2d-send --local", file, file);
    await expectRefusal("c2d-hub status", join(file, "home"), file);
  });

  test("whose hub.json is not a file", async () => {
    const home = join(directory, "no-hub-file");
    mkdirSync(join(home, "hub.json"), { recursive: true });
    await expectRefusal("c2d-send --local", home, join(home, "hub.json"));
    await expectRefusal("c2d-hub status", home, join(home, "hub.json"));
  });

  test.each(STARTING)("whose keys are damaged: %s", async (command) => {
    const home = join(directory, "damaged");
    mkdirSync(home, { recursive: true });
    writeFileSync(join(home, "installation.json"), "{}");
    await expectRefusal(command, home, join(home, "installation.json"));
  });

  test("with a damaged hub.json: stop does not claim that no hub is running", async () => {
    const home = join(directory, "damaged-hub-file");
    mkdirSync(home);
    writeFileSync(join(home, "hub.json"), "{");
    await expectRefusal("c2d-hub stop", home, join(home, "hub.json"));
  });
});

test("a configured hub needs no home", async () => {
  const file = join(directory, "no-home");
  writeFileSync(file, "");
  const { code, stderr } = await run(
    "c2d-device",
    ["listen", "--connection-string", "HostName=localhost:1;DeviceId=d;SharedAccessKey=AAAA"],
    { directory, env: { C2D_HOME: file } },
  );
  expect(stderr).toContain("Cannot connect to localhost:1");
  expect(code).toBe(5);
});
