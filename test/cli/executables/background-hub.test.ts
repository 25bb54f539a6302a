/** The hub in the background that `--local` starts, as real processes. */

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { temporaryDirectory } from "../../support/local-hub.ts";
import {
  type ExecutableName,
  messagesOf,
  parseLines,
  RunningExecutable,
  type RunOptions,
  run,
} from "../support/run-executable.ts";

let directory: string;
let options: RunOptions & { readonly env: Readonly<Record<string, string>> };
let started: RunningExecutable[];

beforeEach(() => {
  directory = temporaryDirectory();
  options = { directory, env: { C2D_HOME: join(directory, "home") } };
  started = [];
});

afterEach(async () => {
  for (const executable of started) executable.process.kill("SIGKILL");
  await Promise.all(started.map(({ ended }) => ended));
  await run("c2d-hub", ["stop"], options);
});

function start(name: ExecutableName, ...args: readonly string[]): RunningExecutable {
  const executable = new RunningExecutable(name, args, options);
  started.push(executable);
  return executable;
}

async function startListener(...args: readonly string[]): Promise<RunningExecutable> {
  const listener = start("c2d-device", "listen", "--local", "-o", "json", ...args);
  await listener.waitFor("stdout", `"type":"ready"`);
  return listener;
}

const send = (...args: readonly string[]) =>
  run("c2d-send", ["--local", "-o", "json", ...args], options);

test("a background hub keeps no stream of its starter open", async () => {
  const sent = await run("c2d-send", ["--local", "-o", "json"], options);
  expect(sent.stderr).toMatch(/^Starting the local hub in the background/);
  expect(sent.code).toBe(0);
  const again = await run("c2d-send", ["--local", "-o", "json"], options);
  expect(again.stderr).not.toContain("Starting");
  expect(again.stderr).toContain("Hub: localhost:");
  const listened = await run("c2d-device", ["listen", "--local", "-c", "2", "-o", "json"], options);
  expect(messagesOf(listened)).toHaveLength(2);
});

test("the log of a background hub has the address of its page, without the key", async () => {
  await send();
  const home = join(directory, "home");
  const { key, port } = JSON.parse(readFileSync(join(home, "page.json"), "utf8"));
  const log = readFileSync(join(home, "hub.log"), "utf8");
  expect(log).toContain(`, page at http://127.0.0.1:${port}/\n`);
  expect(log).not.toContain(key);
});

test("two commands at the same moment start one hub", async () => {
  const results = await Promise.all([send(), send(), send()]);
  expect(results.map(({ code }) => code)).toEqual([0, 0, 0]);
  const { stdout } = await run(
    "c2d-device",
    ["listen", "--local", "-c", "3", "-o", "json", "--timeout", "100s"],
    options,
  );
  expect(messagesOf({ stdout })).toHaveLength(3);
});

test(".env.example as .env is a complete configuration", async () => {
  const example = new URL("../../../.env.example", import.meta.url);
  writeFileSync(join(directory, ".env"), readFileSync(example));
  expect((await run("c2d-send", ["--count", "2"], options)).code).toBe(0);
  const listened = await run("c2d-device", ["listen", "--count", "2"], options);
  expect(listened.stdout.match(/Message received:/g)).toHaveLength(2);
});

test("a background hub that was killed or stopped is restarted by the next command", async () => {
  const listener = await startListener();
  const monitor = start("c2d-hub", "monitor-feedback", "--local", "-o", "json");
  const reader = start("c2d-hub", "monitor-events", "--local", "-o", "json");
  for (const tool of [monitor, reader]) await tool.waitFor("stdout", `"type":"ready"`);
  const status = await run("c2d-hub", ["status", "-o", "json"], options);
  process.kill(Number(parseLines(status.stdout)[0]?.pid), "SIGKILL");
  for (const tool of [listener, monitor, reader]) await tool.waitFor("stderr", "Reconnected");
  await run("c2d-hub", ["stop"], options);
  await send("--mid", "after");
  await listener.waitFor("stdout", `"messageId":"after"`);
  for (const { process: running } of [listener, monitor, reader]) running.kill("SIGTERM");
});
