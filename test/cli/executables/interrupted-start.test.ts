/** `c2d-hub start`, interrupted before it is ready. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeEach, expect, test } from "vitest";
import { temporaryDirectory } from "../../support/local-hub.ts";
import { onPosix } from "../../support/platform.ts";
import { RunningProgram } from "../../support/running-program.ts";
import { RunningExecutable } from "../support/run-executable.ts";

const signalled = test.runIf(onPosix("signals"));

let directory: string;

beforeEach(() => {
  directory = temporaryDirectory();
});

/**
 * Makes a process signal itself at its first call of this Node function. Synchronous work finishes
 * before the signal is handled.
 */
function signalAt(object: string, name: string, signal: NodeJS.Signals): string {
  const program = `import fs from "node:fs";
    import net from "node:net";
    import { syncBuiltinESMExports } from "node:module";
    const original = ${object}.${name};
    ${object}.${name} = function (...args) {
      ${object}.${name} = original;
      syncBuiltinESMExports();
      process.kill(process.pid, "${signal}");
      if ("${name}" !== "listen") return original.apply(this, args);
      const alive = setInterval(() => {}, 1000);
      process.once("${signal}", () => {
        clearInterval(alive);
        original.apply(this, args);
      });
      return this;
    };
    syncBuiltinESMExports();`;
  return `--import=data:text/javascript,${encodeURIComponent(program)}`;
}

test("a starting hub exits quietly with 0 when stdout is closed", async () => {
  const env = { C2D_HOME: join(directory, "home") };
  const hub = new RunningExecutable("c2d-hub", ["start", "--port", "0"], { directory, env });
  hub.process.stdout.destroy();
  expect(await hub.ended).toMatchObject({ code: 0, signal: null, stderr: "" });
  expect(existsSync(join(directory, "home", "hub.json"))).toBe(false);
});

test.skipIf(!existsSync("/dev/full"))(
  "a starting hub exits with 1 when stdout cannot be written",
  async () => {
    const home = join(directory, "home");
    const path = fileURLToPath(new URL("../../../bin/c2d-hub.js", import.meta.url));
    const script = '"$0" "$1" start --port 0 > /dev/full';
    const hub = new RunningProgram("sh", ["-c", script, process.execPath, path], {
      directory,
      env: { C2D_HOME: home },
    });
    const { code, stderr } = await hub.ended;
    expect(stderr).toContain("cannot write to stdout");
    expect(code).toBe(1);
    expect(existsSync(join(home, "hub.json"))).toBe(false);
  },
);

signalled.each([
  ["it makes its home", "fs", "mkdirSync", "SIGTERM", 143],
  ["it writes its keys", "fs", "renameSync", "SIGINT", 130],
  ["it opens its port", "net.Server.prototype", "listen", "SIGTERM", 143],
  ["it opens its port", "net.Server.prototype", "listen", "SIGINT", 130],
] as const)("while %s (%s.%s): exits on %s with %i", async (_step, object, name, signal, code) => {
  const env = { C2D_HOME: join(directory, "home") };
  const args = ["start", "--port", "0", "-o", "json"];
  const interrupted = new RunningExecutable("c2d-hub", args, {
    directory,
    env: { ...env, NODE_OPTIONS: signalAt(object, name, signal) },
  });
  expect(await interrupted.ended).toEqual({ code, signal: null, stdout: "", stderr: "" });
  expect(existsSync(join(directory, "home", "hub.json"))).toBe(false);
  const next = new RunningExecutable("c2d-hub", args, { directory, env });
  await next.waitFor("stdout", `"type":"hub"`);
  next.process.kill("SIGTERM");
  expect((await next.ended).code).toBe(0);
});
