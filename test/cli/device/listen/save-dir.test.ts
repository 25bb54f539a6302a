/** `listen --save-dir`: each body is saved to a file before its message is acknowledged. */

import { mkdirSync, readdirSync, readFileSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { messagesOf } from "../../support/run-command.ts";
import { StartedHub } from "../../support/started-hub.ts";

let hub: StartedHub;

beforeEach(async () => {
  hub = await StartedHub.start("--in-memory");
  mkdirSync(join(hub.directory, "bodies"));
});

afterEach(() => hub.stop());

const listen = (...args: readonly string[]) =>
  hub.spawn("c2d-device", "listen", "--timeout", "100s", "--save-dir", "bodies", ...args);

test("bodies are files, and lines say where", async () => {
  await hub.send("--data", "00ff", "--data-encoding", "hex", "--mid", "a/b");
  await hub.send("--data", "text", "--mid", "c");
  const ended = await listen("--count", "2", "-o", "json").ended;
  expect(ended.code).toBe(0);
  expect(messagesOf(ended).map(({ file }) => file)).toEqual(["bodies/a%2Fb", "bodies/c"]);
  expect(readFileSync(join(hub.directory, "bodies/a%2Fb"))).toEqual(Buffer.of(0, 255));
  expect(readdirSync(join(hub.directory, "bodies")).sort()).toEqual(["a%2Fb", "c"]);
});

test("text and --format say where, too", async () => {
  await hub.send("--data", "text", "--mid", "m1", "--count", "1");
  const text = await listen("--count", "1").ended;
  expect(text.stdout).toContain("    (4 bytes, saved in bodies/m1)\n");
  await hub.send("--data", "text", "--mid", "m1");
  const line = await listen("--count", "1", "--format", "{{file}}").ended;
  expect(line.stdout).toBe("bodies/m1.1\n");
});

test("a command of --exec can read the file", async () => {
  await hub.send("--data", "text", "--mid", "m1");
  const command = 'printf %s "$C2D_MESSAGE" | grep -o "bodies/m1"';
  const { stdout, code } = await listen("--count", "1", "--exec", command).ended;
  expect([code, stdout]).toEqual([0, "bodies/m1\n"]);
});

test("a body that cannot be saved ends the run with 1, unacknowledged", async () => {
  const started = listen("-o", "json");
  await started.waitFor("stdout", '"ready"');
  rmdirSync(join(hub.directory, "bodies"));
  await hub.send("--mid", "m1");
  const { code, stderr } = await started.ended;
  expect(code).toBe(1);
  expect(stderr).toContain("cannot save a message in bodies");
  await hub.reached("requeued");
  expect(hub.events.filter(({ type }) => type === "settled")).toEqual([]);
});

test("a missing directory is wrong usage", async () => {
  rmdirSync(join(hub.directory, "bodies"));
  const { code, stderr } = await listen().ended;
  expect(code).toBe(2);
  expect(stderr).toContain("--save-dir: bodies does not exist");
});
