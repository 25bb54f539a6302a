/** Tests your own device and service against a hub inside the test. */

import { type HubEvent, type LocalHub, ManualClock, startLocalHub } from "c2d-tools";
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

test("a connected lamp is switched on", async () => {
  const lamp = new LampDevice(hub.deviceConnectionString("lamp"));
  await lamp.connect();
  const result = switchLamp(hub.connectionString, "lamp", true);
  await until("settled");
  clock.advance(FEEDBACK_INTERVAL_MS);
  expect(await result).toBe("Success");
  expect(lamp.isOn).toBe(true);
  await lamp.disconnect();
});

test("a lamp that connects in time receives the queued message", async () => {
  const result = switchLamp(hub.connectionString, "lamp", true);
  await until("enqueued");
  const lamp = new LampDevice(hub.deviceConnectionString("lamp"));
  await lamp.connect();
  await until("settled");
  clock.advance(FEEDBACK_INTERVAL_MS);
  expect(await result).toBe("Success");
  expect(lamp.isOn).toBe(true);
  await lamp.disconnect();
});

test("a message to a lamp that does not connect expires, and the service is told so", async () => {
  const result = switchLamp(hub.connectionString, "lamp", true);
  await until("enqueued");
  const fedBack = until("feedback");
  clock.advance(TTL_MS);
  await fedBack;
  clock.advance(FEEDBACK_INTERVAL_MS);
  expect(await result).toBe("Expired");
});

/** Resolves at the next event of this type. */
async function until(type: HubEvent["type"]): Promise<void> {
  await new Promise<void>((resolve) => {
    const unsubscribe = hub.subscribe((event) => {
      if (event.type !== type) return;
      unsubscribe();
      resolve();
    });
  });
}
