/** Telemetry while its hub is killed: confirmed messages are stored, and duplicates are marked. */

import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { temporaryDirectory } from "../../../support/local-hub.ts";
import {
  type ExecutableName,
  parseLines,
  RunningExecutable,
  type RunOptions,
} from "../../support/run-executable.ts";

const COUNT = 3000;

let directory: string;
let options: RunOptions;
let started: RunningExecutable[];

beforeEach(() => {
  directory = temporaryDirectory();
  options = { directory, env: { C2D_HOME: join(directory, "home") } };
  started = [];
});

afterEach(async () => {
  for (const executable of started) executable.process.kill("SIGKILL");
  await Promise.all(started.map(({ ended }) => ended));
});

function start(name: ExecutableName, ...args: readonly string[]): RunningExecutable {
  const executable = new RunningExecutable(name, [...args, "-o", "json"], options);
  started.push(executable);
  return executable;
}

async function startHub(): Promise<RunningExecutable> {
  const hub = start("c2d-hub", "start", "--port", "0");
  await hub.waitFor("stdout", `"type":"hub"`);
  return hub;
}

/** The ids of all stored events, in order. */
async function storedIds(): Promise<unknown[]> {
  const end = await start("c2d-device", "telemetry", "--local", "-c", "1", "--mid", "end").ended;
  expect(end.code).toBe(0);
  const monitor = start("c2d-hub", "monitor-events", "--local", "--enqueued-time", "1h");
  await monitor.waitFor("stdout", '"messageId":"end"');
  monitor.process.kill("SIGTERM");
  const { stdout } = await monitor.ended;
  return parseLines(stdout).flatMap(({ type, messageId }) =>
    type === "event" && messageId !== "end" ? [messageId] : [],
  );
}

test.each(["mqtt", "amqp", "http"])("over %s", async (transport) => {
  const hub = await startHub();
  const device = start(
    ...(["c2d-device", "telemetry", "--local", "--transport", transport] as const),
    ...["--count", String(COUNT), "--interval", "0", "--message-timeout", "60s"],
  );
  await device.waitFor("stdout", `"n":${COUNT / 10},`);
  hub.process.kill("SIGKILL");
  await device.waitFor("stderr", "Reconnecting");
  await startHub();
  const { code, stdout } = await device.ended;
  const confirmed = parseLines(stdout).filter(({ type }) => type === "telemetry");
  const ids = confirmed.map(({ messageId }) => messageId);
  expect(code).toBe(0);
  expect(new Set(ids).size).toBe(COUNT);
  expect(ids).toHaveLength(COUNT);
  const stored = await storedIds();
  expect(new Set(stored)).toEqual(new Set(ids));
  const repeated = new Set(
    confirmed.filter((line) => line.repeated).map(({ messageId }) => messageId),
  );
  const twice = stored.filter((id, at) => stored.indexOf(id) !== at);
  expect(twice.filter((id) => !repeated.has(id))).toEqual([]);
});
