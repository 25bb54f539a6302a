import { describe, expect, it } from "vitest";
import { HeldStore } from "../../support/held-store.ts";
import {
  connectTestDevice,
  createTestHub,
  devicebound,
  type TestHub,
} from "../../support/test-hub.ts";

const ANY = "*";
const NEW_KEYS = { type: "sas", primaryKey: "", secondaryKey: "" } as const;

/** Changes that close the connection of device1. */
const CHANGES: [string, (hub: TestHub) => Promise<unknown>][] = [
  ["disabled", ({ registry }) => registry.update("device1", { status: "disabled" }, ANY)],
  ["deleted", ({ registry }) => registry.delete("device1", ANY)],
  [
    "given new keys",
    ({ registry }) => registry.update("device1", { authentication: NEW_KEYS }, ANY),
  ],
  [
    "changed to sign in with a certificate",
    ({ registry }) =>
      registry.update("device1", { authentication: { type: "certificateAuthority" } }, ANY),
  ],
  [
    "deleted and recreated",
    async ({ registry }) => {
      await registry.delete("device1", ANY);
      await registry.create("device1");
    },
  ],
];

// Rule device-credentials.
describe("a device that is connected over MQTT", () => {
  it.each(CHANGES)(
    "is disconnected when it is %s, and its token is no longer valid",
    async (_how, change) => {
      const hub = await createTestHub();
      const password = Buffer.from(hub.deviceToken("device1"));
      const { peer } = await hub.connectDevice();
      const other = await hub.connectDevice("device2");
      await change(hub);
      await peer.closedSilently();
      const again = hub.mqtt();
      const username = "localhost/device1/?api-version=2021-04-12";
      const connack = await again.peer.connect({ username, password });
      expect(connack.returnCode).toBe(5);
      await other.peer.ping();
    },
  );

  it("stays connected when nothing about its sign-in changes", async () => {
    const { hub, peer } = await connectTestDevice();
    await hub.registry.update("device1", { statusReason: "all is well", isIotEdge: true }, ANY);
    await peer.ping();
  });

  it("can connect again with its new keys", async () => {
    const hub = await createTestHub();
    await hub.registry.update("device1", { authentication: NEW_KEYS }, ANY);
    expect((await hub.connectDevice()).connack.returnCode).toBe(0);
  });
});

// Rule c2d-device-disabled.
describe("a message to a device that is disabled", () => {
  it.each(["queued", "in flight"])("%s is delivered once it is enabled again", async (state) => {
    const { hub, peer } = await connectTestDevice();
    if (state === "in flight") await peer.subscribe(devicebound());
    await hub.send({ messageId: "m1", ack: "full" });
    await hub.registry.update("device1", { status: "disabled" }, ANY);
    await peer.closed;
    expect(hub.cloudToDevice.countOf("device1")).toBe(1);
    await hub.registry.update("device1", { status: "enabled" }, ANY);
    const again = await hub.connectDevice();
    if (state === "queued") await again.peer.subscribe(devicebound());
    expect((await again.peer.nextPublish()).topic).toContain("%24.mid=m1&");
    expect(hub.log.of("feedback")).toEqual([]);
  });
});

// Rule c2d-device-deleted.
describe("the messages of a deleted device", () => {
  it("are deleted, including those in flight, without feedback", async () => {
    const { hub, peer } = await connectTestDevice();
    await peer.subscribe(devicebound());
    await hub.send({ messageId: "m1", ack: "full" });
    await peer.nextPublish();
    peer.stall();
    await hub.send({ messageId: "m2", ack: "full" });
    await hub.registry.delete("device1", ANY);
    await hub.registry.create("device1");
    expect(hub.cloudToDevice.countOf("device1")).toBe(0);
    const again = await hub.connectDevice();
    expect(again.connack.sessionPresent).toBe(false);
    await again.peer.subscribe(devicebound());
    await again.peer.ping();
    again.peer.destroy();
    hub.clock.advance(3_600_000);
    // Feedback would be reported a moment later.
    await new Promise((resolve) => setImmediate(resolve));
    expect(hub.log.of("deadLettered")).toEqual([]);
    expect(hub.log.of("feedback")).toEqual([]);
  });
});

// Rule c2d-device-deleted.
describe("the feedback of a deleted device", () => {
  /** Leaves a pending record of each device for the next batch. */
  async function endMessages(hub: TestHub): Promise<void> {
    for (const deviceId of ["device1", "device2"]) {
      await hub.send({ messageId: `of ${deviceId}`, ack: "full" }, deviceId);
      await hub.cloudToDevice.purge(deviceId);
    }
  }

  it("is discarded while it is pending, but not that of other devices", async () => {
    const hub = await createTestHub();
    await endMessages(hub);
    await hub.registry.delete("device1", ANY);
    hub.clock.advance(hub.settings.feedback.intervalMs);
    expect(hub.feedback.take()?.records).toMatchObject([{ originalMessageId: "of device2" }]);
    expect(hub.feedback.take()).toBeUndefined();
  });

  it("leaves no empty batch", async () => {
    const hub = await createTestHub();
    await hub.send({ messageId: "m1", ack: "full" });
    await hub.cloudToDevice.purge("device1");
    await hub.registry.delete("device1", ANY);
    hub.clock.advance(hub.settings.feedback.intervalMs * 2);
    expect(hub.feedback.take()).toBeUndefined();
  });

  it("is discarded while its outcome is being stored", async () => {
    const store = new HeldStore();
    const hub = await createTestHub({ store });
    await hub.send({ messageId: "m1", ack: "full" });
    store.hold();
    const purged = hub.cloudToDevice.purge("device1");
    const deleted = hub.registry.delete("device1", ANY);
    const created = hub.registry.create("device1");
    store.release();
    await Promise.all([purged, deleted, created]);
    hub.clock.advance(hub.settings.feedback.intervalMs);
    expect(hub.feedback.take()).toBeUndefined();
  });

  it("is delivered once it is part of a batch", async () => {
    const hub = await createTestHub();
    await endMessages(hub);
    hub.clock.advance(hub.settings.feedback.intervalMs);
    await hub.registry.delete("device1", ANY);
    expect(hub.feedback.take()?.records).toMatchObject([
      { originalMessageId: "of device1" },
      { originalMessageId: "of device2" },
    ]);
  });
});
