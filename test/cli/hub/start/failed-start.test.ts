/** `c2d-hub start` stops if it cannot report that it is ready. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { runStart } from "../../../../src/cli/hub/start/start.ts";
import type { Context } from "../../../../src/cli/program/run-program.ts";
import { type Output, OutputError } from "../../../../src/cli/terminal/output.ts";
import { Redactor } from "../../../../src/cli/terminal/redactor.ts";
import { Reporter } from "../../../../src/cli/terminal/reporter.ts";
import { freePort, isListening, temporaryDirectory } from "../../../support/local-hub.ts";

const EXECUTABLE = fileURLToPath(new URL("../../../../bin/c2d-hub.js", import.meta.url));

/** A command whose every write to stdout fails with this error. */
function contextWith(error: Error, directory: string): Context {
  const output: Output = {
    isTTY: false,
    hasText: false,
    closed: new AbortController().signal,
    write: () => Promise.reject(error),
    flush: () => Promise.resolve(),
    release: () => {},
  };
  const redactor = new Redactor();
  const flags = { output: "text", color: false } as const;
  return {
    io: { stdin: process.stdin, stdout: output, stderr: output, env: {}, directory },
    redactor,
    flags,
    reporter: new Reporter(output, redactor, {
      isJson: false,
      isQuiet: true,
      isVerbose: false,
      colorLevel: 0,
    }),
    interruption: {
      signal: new AbortController().signal,
      cause: undefined,
    },
  };
}

test("start fails when stdout cannot be written", async () => {
  const home = temporaryDirectory();
  const port = await freePort();
  const error = new OutputError("cannot write to stdout: no space left on device");
  const started = runStart(
    { output: "text", color: false, ui: true, port },
    home,
    contextWith(error, home),
  );
  await expect(started).rejects.toBe(error);
  expect(await isListening(port)).toBe(false);
  expect(existsSync(join(home, "hub.json"))).toBe(false);
});

test("start exits quietly with 0 when stdout is closed", async () => {
  const home = temporaryDirectory();
  const child = spawn(process.execPath, [EXECUTABLE, "start", "--port", "0"], {
    cwd: home,
    env: { PATH: process.env.PATH, HOME: home, C2D_HOME: join(home, "home") },
  });
  child.stdout.destroy();
  const [stderr, [code]] = await Promise.all([text(child.stderr), once(child, "exit")]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
});
