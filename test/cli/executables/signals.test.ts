/** Signals and pipes, which need a real process. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { messagesOf, RunningExecutable } from "../support/run-executable.ts";
import { StartedHub } from "../support/started-hub.ts";

let hub: StartedHub;
let started: RunningExecutable[];

beforeEach(async () => {
  hub = await StartedHub.start();
  started = [];
});

afterEach(async () => {
  for (const executable of started) executable.process.kill("SIGKILL");
  await Promise.all(started.map(({ ended }) => ended));
  await hub.stop();
});

async function startListener(...args: readonly string[]): Promise<RunningExecutable> {
  const all = ["listen", "--local", "-o", "json", ...args];
  const listener = new RunningExecutable("c2d-device", all, hub.options);
  started.push(listener);
  await listener.waitFor("stdout", `"type":"ready"`);
  return listener;
}

/** Without an incomplete last line. */
function wholeLines(text: string): string {
  return text.slice(0, text.lastIndexOf("\n") + 1);
}

test.each([
  ["SIGINT", [], 0],
  ["SIGTERM", ["--count", "1"], 143],
] as const)("on %s, listen %j exits with %i", async (signal, args, code) => {
  const listener = await startListener(...args);
  listener.process.kill(signal);
  expect(await listener.ended).toMatchObject({ code, signal: null });
});

test("after a kill, printed messages are settled or redelivered, and nothing is lost", async () => {
  const listener = await startListener();
  await hub.send("--count", "20");
  await listener.waitFor("stdout", `"type":"message"`);
  listener.process.kill("SIGKILL");
  const before = messagesOf({ stdout: wholeLines((await listener.ended).stdout) });
  const after = await hub.run("c2d-device", "listen", "-o", "json", "--idle-timeout", "1s");
  const ids = new Set([...before, ...messagesOf(after)].map(({ messageId }) => messageId));
  expect(ids.size).toBe(20);
});

test("a blocked reader cannot keep a listener from exiting", async () => {
  const listener = await startListener("--count", "50");
  listener.process.stdout.pause();
  // More than a pipe and its reader can hold: the listener is blocked in a write.
  writeFileSync(join(hub.directory, "body"), Buffer.alloc(60_000, "x"));
  await hub.send("--count", "20", "--data-file-path", "body");
  listener.process.kill("SIGINT");
  const code = await new Promise((resolve) => listener.process.on("exit", resolve));
  expect(code).toBe(130);
  listener.process.stdout.resume();
  await listener.ended;
  const after = await hub.run("c2d-device", "listen", "-o", "json", "--idle-timeout", "1s");
  const whole = messagesOf({ stdout: wholeLines(listener.stdout) });
  const ids = new Set([...whole, ...messagesOf(after)].map(({ messageId }) => messageId));
  expect(ids.size).toBe(20);
});

test("a second signal exits at once", async () => {
  const listener = await startListener("--count", "50");
  listener.process.stdout.pause();
  writeFileSync(join(hub.directory, "body"), Buffer.alloc(60_000, "x"));
  await hub.send("--count", "20", "--data-file-path", "body");
  listener.process.kill("SIGTERM");
  const again = setInterval(() => listener.process.kill("SIGTERM"), 50);
  const signal = await new Promise((resolve) => {
    listener.process.on("exit", (_code, by) => resolve(by));
  });
  clearInterval(again);
  expect(signal).toBe("SIGTERM");
  listener.process.stdout.resume();
});

test("a second signal ends the command of --exec, too", async () => {
  await hub.send("--mid", "m1");
  const listener = await startListener("--exec", "trap '' INT TERM; echo $$ >&2; sleep 1000");
  await expect.poll(() => /^\d+$/m.test(listener.stderr)).toBe(true);
  const pid = Number(/^\d+$/m.exec(listener.stderr)?.[0]);
  const again = setInterval(() => listener.process.kill("SIGINT"), 50);
  const { signal } = await listener.ended;
  clearInterval(again);
  expect(signal).toBe("SIGINT");
  await expect.poll(() => groupExists(pid)).toBe(false);
});

function groupExists(pid: number): boolean {
  try {
    process.kill(-pid, 0);
    return true;
  } catch {
    return false;
  }
}
