import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { RunningExecutable, type RunOptions, run } from "../support/run-executable.ts";

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

test("a hub that nobody connects to ends by itself, and takes hub.json along", async () => {
  const hub = await startHub("300ms");
  expect((await hub.ended).code).toBe(0);
  expect(existsSync(join(home, "hub.json"))).toBe(false);
});

test("not while a client is connected, and then after it", async () => {
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
