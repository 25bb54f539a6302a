/** `monitor-events`: which events it selects, and in which form it prints them. */

import { afterAll, beforeAll, expect, test } from "vitest";
import { type Ended, run } from "../../support/run-command.ts";
import { StartedHub } from "../../support/started-hub.ts";

let hub: StartedHub;

beforeAll(async () => {
  hub = await StartedHub.start();
  await send("line1-a", "m1", "-p", "level=alarm", "-p", "area=north");
  await send("line1-b", "m2", "-p", "level=info", "-p", "area=north");
  await send("line1-*", "m3", "-p", "level=alarm", "-p", "area=");
  await send("line2", "m4", "-p", "level=alarm", "-p", "a b=\u001b[31m");
  await send("line2", "m5", "--data", "ff001b", "--data-encoding", "hex");
});

afterAll(() => hub.stop());

async function send(deviceId: string, id: string, ...args: readonly string[]): Promise<void> {
  const own = ["-d", deviceId, "-c", "1", "--mid", id, "--data", `body ${id}`];
  const all = args.includes("--data") ? own.slice(0, -2) : own;
  const { code, stderr } = await hub.run("c2d-device", "telemetry", ...all, ...args);
  if (code !== 0) throw new Error(stderr);
}

/** Events that were sent before it started; the order of two devices is not fixed. */
const monitor = (count: number, ...args: readonly string[]): Promise<Ended> =>
  hub.run(
    ...(["c2d-hub", "monitor-events", "--et", "0", "--timeout", "100s"] as const),
    ...["-c", String(count), ...args],
  );

async function selected(count: number, ...args: readonly string[]): Promise<readonly string[]> {
  const { stdout } = await monitor(count, "--format", "{{messageId}}", ...args);
  return stdout.trimEnd().split("\n").sort();
}

test.each([
  [
    ["-d", "line1-*"],
    ["m1", "m2", "m3"],
  ],
  [["-d", "line1-\\*"], ["m3"]],
  [
    ["-d", "*2"],
    ["m4", "m5"],
  ],
  [
    ["-d", "*"],
    ["m1", "m2", "m3", "m4", "m5"],
  ],
  [
    ["--property", "level=alarm"],
    ["m1", "m3", "m4"],
  ],
  [["-p", "level=alarm", "-p", "area=north"], ["m1"]],
  [["-p", "area="], ["m3"]],
  [["-p", "a b=\u001b[31m"], ["m4"]],
  [["-d", "line1-*", "--property", "level=info"], ["m2"]],
])("%j selects %j", async (args, ids) => {
  expect(await selected(ids.length, ...args)).toEqual(ids);
});

test("stderr says what is selected", async () => {
  const says = async (...args: readonly string[]) => (await monitor(1, ...args)).stderr;
  expect(await says("-d", "line1-*", "-p", "level=info", "-p", "area=north")).toContain(
    "Waiting for events from devices line1-* (--device-id) with level=info and area=north, press",
  );
  expect(await says("-d", "line1-\\*")).toContain(
    "events from device line1-* (--device-id), press",
  );
  expect(await says("-p", "a b=\u001b[31m")).toContain("all devices with a b=\\u001b[31m, press");
});

test("IOTHUB_DEVICE_ID can be a pattern, too", async () => {
  const { directory } = hub.options;
  const env = { ...hub.options.env, IOTHUB_DEVICE_ID: "*-b" };
  const args = ["--local", "--et", "0", "-c", "1", "--timeout", "100s"];
  const ended = await run("c2d-hub", ["monitor-events", ...args], { directory, env });
  expect(ended.stdout).toContain("body m2");
});

test("--format prints one line per event, without control characters", async () => {
  const template =
    "{{deviceId}}\\t{{properties.a b}} {{annotations.iothub-message-source}} {{body}}";
  const { stdout, code } = await monitor(
    1,
    "-p",
    "level=alarm",
    "-d",
    "line2",
    "--format",
    template,
  );
  expect(stdout).toBe("line2\t\\u001b[31m Telemetry body m4\n");
  expect(code).toBe(0);
});

test("--raw prints the bytes of each body, and the separator", async () => {
  const args = ["--et", "0", "-c", "2", "-d", "line2", "--raw", "--separator", "|"];
  const started = hub.spawn("c2d-hub", "monitor-events", ...args);
  expect((await started.ended).code).toBe(0);
  expect(started.readers.stdout.bytes).toEqual(
    Buffer.concat([Buffer.from("body m4|"), Buffer.of(0xff, 0x00, 0x1b), Buffer.from("|")]),
  );
});
