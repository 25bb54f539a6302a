/** `c2d-hub stop` at a hub that does not answer. */

import { afterEach, beforeEach, expect, test } from "vitest";
import { HubProcess } from "../support/hub-process.ts";
import { parseLines, run } from "../support/run-executable.ts";
import { hasTerminals, runOnTerminal } from "../support/run-on-terminal.ts";

let hub: HubProcess;
let pid: number;

beforeEach(async () => {
  hub = await HubProcess.start();
  const { stdout } = await run("c2d-hub", ["status", "-o", "json"], hub.options);
  pid = Number(parseLines(stdout)[0]?.pid);
  process.kill(pid, "SIGSTOP");
});

afterEach(async () => {
  process.kill(pid, "SIGCONT");
  await hub.stop();
});

test("a hub that hangs is told from one that does not run", async () => {
  const { code, stdout, stderr } = await run("c2d-hub", ["stop", "-o", "json"], hub.options);
  expect([code, stdout]).toEqual([6, ""]);
  expect(parseLines(stderr)).toMatchObject([
    { name: "LocalHubNotStopped", hint: expect.stringContaining(`kill -9 ${pid}`) },
  ]);
});

test.runIf(hasTerminals)("on a terminal it says what it waits for", async () => {
  const { code, screen } = await runOnTerminal("c2d-hub", ["stop"], hub.options);
  expect(code).toBe(6);
  expect(screen).toContain(`Waiting for the local hub (process ${pid}) to answer`);
});
