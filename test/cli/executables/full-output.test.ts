/** Stdout on a full disk: one error that is not a bug, exit code 1, and the summary if there is one. */

import { spawn } from "node:child_process";
import { closeSync, existsSync, openSync } from "node:fs";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseLines } from "../support/run-executable.ts";
import { StartedHub } from "../support/started-hub.ts";

const FULL = "/dev/full";
const isThere = existsSync(FULL);
if (!isThere) console.warn(`SKIPPED: there is no ${FULL}, a full disk is not tested.`);

interface Row {
  readonly command: string;
  readonly hasSummary?: true;
}

const ROWS: readonly Row[] = [
  { command: "c2d-send --local --count 3 --interval 10ms", hasSummary: true },
  { command: "c2d-send --local --dry-run" },
  { command: "c2d-device telemetry --local --count 3 --interval 100ms", hasSummary: true },
  { command: "c2d-device telemetry --local --interval 100ms -d other --listen", hasSummary: true },
  { command: "c2d-device listen --local -d full --timeout 100s" },
  { command: "c2d-hub monitor-events --local --enqueued-time 1h --timeout 100s" },
  { command: "c2d-hub status" },
  { command: "c2d-hub env" },
  { command: "c2d-hub device list --local" },
  { command: "c2d-hub start --port 0" },
];

describe.skipIf(!isThere)("stdout on a full disk", () => {
  let hub: StartedHub;

  beforeAll(async () => {
    hub = await StartedHub.start("--device", "full");
    await hub.run("c2d-send", "-d", "full", "--count", "20");
    await hub.run("c2d-device", "telemetry", "--count", "1");
  });

  afterAll(() => hub.stop());

  async function runInto(command: string, ...more: readonly string[]) {
    const [name = "", ...args] = command.split(" ");
    const isStart = args[0] === "start";
    const path = fileURLToPath(new URL(`../../../bin/${name}.js`, import.meta.url));
    const stdout = openSync(FULL, "w");
    const child = spawn(path, [...args, ...more], {
      cwd: hub.directory,
      env: {
        PATH: process.env.PATH,
        HOME: hub.directory,
        C2D_HOME: join(hub.directory, isStart ? `home-${more.join("")}` : "home"),
      },
      stdio: ["ignore", stdout, "pipe"],
    });
    closeSync(stdout);
    const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
    return { stderr: await text(child.stderr as Readable), code: await ended };
  }

  test.concurrent.each(ROWS)("$command, as text", async ({ command, hasSummary }) => {
    const { stderr, code } = await runInto(command, "--verbose");
    expect(stderr.match(/^error: .*$/gm)).toEqual([
      expect.stringMatching(/^error: cannot write to stdout: ENOSPC/),
    ]);
    expect(stderr).toMatch(/^hint: /m);
    expect(stderr).not.toMatch(/unexpected|bug|^ {4}at /m);
    expect(stderr.match(/^Summary: /gm) ?? []).toHaveLength(hasSummary ? 1 : 0);
    expect(code).toBe(1);
  });

  test.concurrent.each(ROWS)("$command, as JSON", async ({ command, hasSummary }) => {
    const { stderr, code } = await runInto(command, "-o", "json");
    const lines = parseLines(stderr.replace(/^[^{].*\n/gm, ""));
    expect(lines.filter(({ type }) => type === "error")).toMatchObject([
      { code: 1, name: "OutputError", hint: expect.any(String) },
    ]);
    expect(lines.filter(({ type }) => type === "summary")).toHaveLength(hasSummary ? 1 : 0);
    if (hasSummary) expect(lines.at(-1)).toMatchObject({ type: "summary" });
    expect(code).toBe(1);
  });

  test.concurrent.each(["c2d-send --help", "c2d-hub device --help", "c2d-device --version"])(
    "%s",
    async (command) => {
      const { stderr, code } = await runInto(command);
      expect(stderr).toContain("error: cannot write to stdout: ENOSPC");
      expect(code).toBe(1);
    },
  );
});
