/** `c2d-hub queue` shows the queued messages of the running local hub. */

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseLines, run } from "../support/run-command.ts";
import { StartedHub } from "../support/started-hub.ts";

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

let hub: StartedHub;

beforeAll(async () => {
  hub = await StartedHub.start("--device", "empty");
  await hub.send("-d", "device1", "--count", "2", "--mid", "m{{n}}", "--data", "hello");
  await hub.send("-d", "device2", "--mid", "evil\u001b[31m", "--data", "\u001b[31mred\nline");
});

afterAll(() => hub.stop());

function queue(...flags: readonly string[]) {
  return run("c2d-hub", ["queue", ...flags], hub.options);
}

test("-o json has one line for each message", async () => {
  const { code, stdout } = await queue("-o", "json");
  expect(code).toBe(0);
  const [first, second, third] = parseLines(stdout);
  expect(first).toEqual({
    type: "queued",
    deviceId: "device1",
    sequenceNumber: 1,
    messageId: "m0",
    state: "enqueued",
    enqueuedTimeUtc: expect.stringMatching(ISO),
    expiryTimeUtc: expect.stringMatching(ISO),
    deliveryCount: 0,
    bytes: 5,
  });
  expect(second).toMatchObject({ messageId: "m1", sequenceNumber: 2 });
  expect(third).toMatchObject({ deviceId: "device2", bytes: 13 });
});

test("-d selects a device; the environment does not", async () => {
  const env = { ...hub.options.env, IOTHUB_DEVICE_ID: "device2" };
  const all = await run("c2d-hub", ["queue", "-o", "json"], { ...hub.options, env });
  expect(parseLines(all.stdout)).toHaveLength(3);
  expect(parseLines((await queue("-d", "device1", "-o", "json")).stdout)).toHaveLength(2);
});

test("--bodies adds the body as listen prints it", async () => {
  const { stdout } = await queue("-o", "json", "-d", "device2", "--bodies");
  expect(parseLines(stdout)).toMatchObject([{ bodyEncoding: "utf8", body: "\u001b[31mred\nline" }]);
});

test("as text, what came from outside is made visible", async () => {
  const { stdout, stderr } = await queue("-d", "device2", "--bodies");
  const [line, ...body] = stdout.split("\n");
  expect(line).toMatch(/^device2 #1 evil\\u001b\[31m enqueued, 13 bytes, expires 2\S+Z$/);
  expect(body).toEqual(["    \\u001b[31mred", "    line", ""]);
  expect(stderr).toBe("1 message is waiting for device2.\n");
});

test("a delivered message is invisible until its lock ends, and looking changes nothing", async () => {
  await hub.send("-d", "locked", "--data", "x");
  const listener = await hub.listen("-d", "locked", "--transport", "amqp", "--settle", "none");
  await listener.waitFor("stdout", `"type":"message"`);
  for (let look = 0; look < 2; look++) {
    const { stdout } = await queue("-d", "locked", "-o", "json");
    expect(parseLines(stdout)).toMatchObject([
      { state: "invisible", lockedUntilUtc: expect.stringMatching(ISO), deliveryCount: 0 },
    ]);
  }
  expect((await queue("-d", "locked")).stdout).toMatch(/ invisible until 2\S+Z, 1 byte, /);
});

describe("nothing to show", () => {
  test("an empty queue prints nothing on stdout", async () => {
    expect(await queue("-d", "empty")).toEqual({
      code: 0,
      stdout: "",
      stderr: "No messages are waiting for empty.\n",
    });
  });

  test("a device that does not exist is refused", async () => {
    const { code, stderr } = await queue("-d", "nobody", "-o", "json");
    expect(code).toBe(6);
    expect(parseLines(stderr)).toMatchObject([
      { name: "DeviceNotFound", hint: expect.stringContaining("device list") },
    ]);
  });
});
