/** How a kernel starts the executables: also where `env` knows no options (BusyBox, the BSDs). */

import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { sharedDirectory } from "../../support/local-hub.ts";
import type { ExecutableName } from "../support/run-executable.ts";

const EXECUTABLES: readonly ExecutableName[] = ["c2d-device", "c2d-send", "c2d-hub", "c2d-tools"];

const COMMANDS: Readonly<Record<ExecutableName, readonly string[]>> = {
  "c2d-device": ["listen"],
  "c2d-send": [],
  "c2d-hub": ["purge", "-d", "x"],
  "c2d-tools": ["device", "listen"],
};

const hasBusyBox = spawnSync("busybox", ["env", "true"]).status === 0;
if (!hasBusyBox)
  console.warn("SKIPPED: busybox is not installed, its env is not tried with the executables.");

const directory = sharedDirectory();

/**
 * Runs an executable like the kernel does, but with BusyBox's `env`: everything after the interpreter
 * on the first line is one argument, including spaces.
 */
function runWithBusyBox(name: ExecutableName, args: readonly string[]) {
  const path = fileURLToPath(new URL(`../../../bin/${name}.js`, import.meta.url));
  const [, argument = ""] = /^#!\/usr\/bin\/env (.+)\n/.exec(readFileSync(path, "utf8")) ?? [];
  return spawnSync("busybox", ["env", argument, path, ...args], {
    cwd: directory,
    env: { PATH: process.env.PATH, HOME: directory },
    encoding: "utf8",
  });
}

describe.skipIf(!hasBusyBox).each(EXECUTABLES)("%s, started by BusyBox's env", (name) => {
  test("runs", () => {
    const { status, stdout, stderr } = runWithBusyBox(name, ["--version"]);
    expect(stderr).toBe("");
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect(status).toBe(0);
  });

  test("reads the file of --dotenv itself", () => {
    writeFileSync(join(directory, "named.env"), "C2D_LOCAL=perhaps\n");
    const { status, stderr } = runWithBusyBox(name, [...COMMANDS[name], "--dotenv", "named.env"]);
    expect(stderr).toContain("C2D_LOCAL in named.env");
    expect(status).toBe(3);
  });
});
