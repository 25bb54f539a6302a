/** `c2d-hub start --idle-exit`; when a hub counts as idle is tested with the hub (test/hub/local-hub.test.ts). */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { StartedHub } from "../support/started-hub.ts";

let options: RunOptions;
let home: string;
const started: RunningExecutable[] = [];

beforeEach(() => {
  const directory = mkdtempSync(join(tmpdir(), "c2d-idle-"));
  home = join(directory, "home");
  options = { directory, env: { C2D_HOME: home } };
});

afterEach(async () => {
  for (const { process } of started) process.kill("SIGKILL");
  await Promise.all(started.splice(0).map(({ ended }) => ended));
  rmSync(options.directory, { recursive: true, force: true });
});

async function startHub(idleExit: string): Promise<RunningExecutable> {
  const args = ["start", "--port", "0", "-o", "json", "--idle-exit", idleExit];
  const hub = new RunningExecutable("c2d-hub", args, options);
  started.push(hub);
  await hub.waitFor("stdout", `"type":"hub"`);
  return hub;
}

test("a hub without clients stops, and removes hub.json", async () => {
  const hub = await startHub("300ms");
  expect((await hub.ended).code).toBe(0);
  expect(existsSync(join(home, "hub.json"))).toBe(false);
});

test("it does not stop while a client is connected, only afterwards", async () => {
  const hub = await startHub("2s");
  const listener = new RunningExecutable(
    "c2d-device",
    ["listen", "--local", "-o", "json", "--timeout", "3s"],
    options,
  );
  started.push(listener);
  expect((await listener.ended).code).toBe(0);
  expect(hub.process.exitCode).toBeNull();
  expect((await hub.ended).code).toBe(0);
  const status = await run("c2d-hub", ["status"], options);
  expect(status.code).toBe(5);
});
