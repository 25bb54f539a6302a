import { expect, test } from "vitest";
import type { Store, StoreChange } from "../../../src/hub/store/store.ts";
import { publishPacket } from "../../support/mqtt-peer.ts";
import { createTestHub, type TestHub } from "../../support/test-hub.ts";

const NEVER = "0001-01-01T00:00:00Z";

async function timesOf(hub: TestHub, deviceId = "device1") {
  const token = hub.policyToken("registryRead");
  const { body } = await hub.https("GET", `/devices/${deviceId}`, token);
  const { lastActivityTime, connectionStateUpdatedTime } = JSON.parse(body.toString());
  return { lastActivityTime, connectionStateUpdatedTime };
}

// Rule registry-activity.
test("a device that never connected has no activity times", async () => {
  const hub = await createTestHub();
  expect(await timesOf(hub)).toEqual({
    lastActivityTime: NEVER,
    connectionStateUpdatedTime: NEVER,
  });
});

test("connecting and sending count as activity of that device only", async () => {
  const hub = await createTestHub();
  const connectedAt = new Date(hub.clock.nowMs()).toISOString();
  const { peer } = await hub.connectDevice();
  expect(await timesOf(hub)).toEqual({
    lastActivityTime: connectedAt,
    connectionStateUpdatedTime: connectedAt,
  });
  hub.clock.advance(5000);
  const sentAt = new Date(hub.clock.nowMs()).toISOString();
  const topic = "devices/device1/messages/events/";
  peer.send(publishPacket({ topic, payload: "x" }));
  await hub.log.reached("telemetry");
  expect(await timesOf(hub)).toEqual({
    lastActivityTime: sentAt,
    connectionStateUpdatedTime: connectedAt,
  });
  expect((await timesOf(hub, "device2")).lastActivityTime).toBe(NEVER);
});

// Rule registry-activity.
test("activity is written at most every five seconds, for all devices at once", async () => {
  const store = new CountingStore();
  const hub = await createTestHub({ store });
  await hub.connectDevice("device1");
  await hub.connectDevice("device2");
  const before = store.writes;
  hub.clock.advance(4999);
  expect(store.writes).toBe(before);
  hub.clock.advance(1);
  expect(store.writes).toBe(before + 1);
  expect(store.last).toMatchObject([{ key: "activity/device1" }, { key: "activity/device2" }]);
  hub.clock.advance(60_000);
  expect(store.writes).toBe(before + 1);
});

class CountingStore implements Store {
  writes = 0;
  last: readonly StoreChange[] = [];

  write(changes: readonly StoreChange[]): Promise<void> {
    this.writes += 1;
    this.last = changes;
    return Promise.resolve();
  }

  async *load() {}

  close(): Promise<void> {
    return Promise.resolve();
  }
}
