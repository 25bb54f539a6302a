/** `DEBUG` makes the SDKs print tokens, but not in our executables. */

import { afterAll, beforeAll, expect, test } from "vitest";
import { type ExecutableName, RunningExecutable, run } from "../support/run-executable.ts";
import { StartedHub } from "../support/started-hub.ts";

const MUTED = "DEBUG is ignored";
const TOKEN = /sig=|sig%3D|SharedAccessSignature|SharedAccessKey=/;

let hub: StartedHub;
let keys: readonly string[];

beforeAll(async () => {
  hub = await StartedHub.start("--device", "device1");
  keys = [...JSON.stringify(await hub.env()).matchAll(/SharedAccessKey=([^;"]+)/g)].map(
    ([, key = ""]) => key,
  );
  expect(keys.length).toBeGreaterThan(1);
});

afterAll(() => hub.stop());

function withDebug() {
  return { ...hub.options, env: { ...hub.options.env, DEBUG: "*", C2D_LOCAL: "1" } };
}

function expectNoSecret(text: string): void {
  expect(text).not.toMatch(TOKEN);
  for (const key of keys) expect(text).not.toContain(key);
}

test.each<readonly [ExecutableName, readonly string[]]>([
  ["c2d-device", ["telemetry", "--count", "1", "--transport", "mqtt"]],
  ["c2d-device", ["telemetry", "--count", "1", "--transport", "amqp"]],
  ["c2d-device", ["telemetry", "--count", "1", "--transport", "http"]],
  ["c2d-send", []],
  ["c2d-hub", ["monitor-events", "--enqueued-time", "0", "--count", "1"]],
  ["c2d-hub", ["device", "list"]],
])("%s %j shows no secret, and explains why DEBUG has no effect", async (name, args) => {
  const { code, stdout, stderr } = await run(name, [...args, "--verbose"], withDebug());
  expect(code, stderr).toBe(0);
  expect(stderr).toContain(MUTED);
  expectNoSecret(stdout + stderr);
});

test("a foreground hub shows no credentials of its clients", async () => {
  const options = { directory: hub.directory, env: { C2D_HOME: "second", DEBUG: "*" } };
  const second = new RunningExecutable("c2d-hub", ["start", "--port", "0", "-o", "json"], options);
  await second.waitFor("stdout", `"type":"hub"`);
  const sent = await run("c2d-send", ["--local"], options);
  second.process.kill("SIGTERM");
  const { stdout, stderr } = await second.ended;
  expect(sent.code, sent.stderr).toBe(0);
  expect(stdout).toContain('"type":"enqueued"');
  expectNoSecret(stdout + stderr);
});
