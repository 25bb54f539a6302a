/** `c2d-hub purge` against a real hub. */

import { afterAll, beforeAll, expect, test } from "vitest";
import { parseLines } from "../support/run-command.ts";
import { StartedHub } from "../support/started-hub.ts";

let hub: StartedHub;

beforeAll(async () => {
  hub = await StartedHub.start("--device", "device1");
});

afterAll(() => hub.stop());

const purge = (...args: readonly string[]) => hub.run("c2d-hub", "purge", ...args);

test("prints the number of messages, and leaves none", async () => {
  await hub.run("c2d-send", "-d", "device1", "--count", "3");
  expect(await purge("-d", "device1")).toMatchObject({
    code: 0,
    stdout: "Purged 3 messages of device1.\n",
  });
  expect((await purge("-d", "device1")).stdout).toBe("Purged 0 messages of device1.\n");
  const { stdout } = await hub.run("c2d-hub", "device", "show", "-d", "device1", "-o", "json");
  expect(parseLines(stdout)).toMatchObject([{ cloudToDeviceMessageCount: 0 }]);
});

test("prints one line of JSON with -o json", async () => {
  await hub.run("c2d-send", "-d", "device1");
  const { code, stdout } = await purge("-d", "device1", "-o", "json");
  expect(stdout).toBe('{"type":"purge","deviceId":"device1","totalMessagesPurged":1}\n');
  expect(code).toBe(0);
});

test("an unknown device is not created", async () => {
  const { code, stderr } = await purge("-d", "nobody", "-o", "json");
  expect(parseLines(stderr.slice(stderr.indexOf("{")))).toMatchObject([{ name: "DeviceNotFound" }]);
  expect(code).toBe(6);
  expect((await hub.run("c2d-hub", "device", "show", "-d", "nobody")).code).toBe(6);
});
