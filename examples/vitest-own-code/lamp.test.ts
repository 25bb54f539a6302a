/** Tests your own device and service against a hub inside the test. */

import { type LocalHub, ManualClock, startLocalHub } from "c2d-tools";
import { afterEach, beforeEach, expect, test } from "vitest";
import { LampDevice } from "./lamp-device.ts";
import { switchLamp } from "./switch-lamp.ts";

const TTL_MS = 60_000;
/** Time for which the hub collects feedback into a batch. */
const FEEDBACK_INTERVAL_MS = 1000;

let clock: ManualClock;
let hub: LocalHub;

beforeEach(async () => {
  clock = new ManualClock();
  hub = await startLocalHub({ devices: ["lamp"], clock, defaultTtlMs: TTL_MS });
  hub.trust();
});

afterEach(async () => {
  await hub.stop();
});

test("the device: a connected lamp is switched on", async () => {
  const lamp = new LampDevice(hub.deviceConnectionString("lamp"));
  await lamp.connect();
  const settled = hub.waitFor("settled");
  await hub.send("lamp", { body: { isOn: true } });
  expect((await settled).outcome).toBe("completed");
  expect(lamp.isOn).toBe(true);
  await lamp.disconnect();
});

test("the device: a lamp that connects later receives the queued message", async () => {
  await hub.send("lamp", { body: { isOn: true } });
  const lamp = new LampDevice(hub.deviceConnectionString("lamp"));
  const settled = hub.waitFor("settled");
  await lamp.connect();
  await settled;
  expect(lamp.isOn).toBe(true);
  await lamp.disconnect();
});

test("the service: it is told that a message to a lamp that does not connect has expired", async () => {
  const enqueued = hub.waitFor("enqueued");
  const result = switchLamp(hub.connectionString, "lamp", true);
  await enqueued;
  const fedBack = hub.waitFor("feedback");
  clock.advance(TTL_MS);
  await fedBack;
  clock.advance(FEEDBACK_INTERVAL_MS);
  expect(await result).toBe("Expired");
});

test("both together", async () => {
  const lamp = new LampDevice(hub.deviceConnectionString("lamp"));
  await lamp.connect();
  const settled = hub.waitFor("settled");
  const result = switchLamp(hub.connectionString, "lamp", true);
  await settled;
  clock.advance(FEEDBACK_INTERVAL_MS);
  expect(await result).toBe("Success");
  expect(lamp.isOn).toBe(true);
  await lamp.disconnect();
});
